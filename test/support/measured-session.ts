import { oneRow, type Session } from '../../src/postgres/session/session.ts'

/** A node of what EXPLAIN (ANALYZE, FORMAT JSON) prints. */
interface PlanNode {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Join Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly PlanNode[]
}

/**
 * The session, which tells for each query that it makes how many rows the server looked at, in all nodes of
 * the plan. Numbers in a query are left out of its name, because batches differ in them.
 */
export function measured(session: Session, onQuery: (query: string, rows: number) => void): Session {
  const rows: Session['rows'] = async (sql, values) => {
    if (/^\s*(SELECT|WITH)\b/.test(sql)) {
      const plan = await session.row<{ 'QUERY PLAN': string }>(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`,
        values,
      )
      const [top] = JSON.parse(plan['QUERY PLAN']) as [{ Plan: PlanNode }]
      onQuery(nameOf(sql), countRows(top.Plan))
    }
    return await session.rows(sql, values)
  }
  return { ...session, rows, row: oneRow(rows) }
}

function countRows(node: PlanNode): number {
  const removed = [
    node['Rows Removed by Filter'],
    node['Rows Removed by Join Filter'],
    node['Rows Removed by Index Recheck'],
  ]
  const rows = removed.reduce((sum: number, count) => sum + (count ?? 0), node['Actual Rows'])
  return rows * node['Actual Loops'] + (node.Plans ?? []).reduce((sum, plan) => sum + countRows(plan), 0)
}

function nameOf(sql: string): string {
  return sql.replace(/\s+/g, ' ').replace(/\d+/g, 'N').trim().slice(0, 100)
}
