import { quoteLiteral } from '../../core/pg/quote.ts'
import { oneRow, type Session } from '../session/session.ts'
import type { TargetTransaction } from './psql-transaction.ts'

/**
 * Reads inside a transaction that a psql of ours holds, as if it were a session: no other session sees these
 * changes yet. Values come as text, as from every session. Ends with the transaction.
 */
export function sessionOf({
  ask,
  pid,
  version,
}: Pick<TargetTransaction, 'ask' | 'pid' | 'version'>): Session {
  const rows = async <T>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    const filled = fill(sql, values)
    if (!/^\s*(SELECT|WITH)\b/i.test(filled)) {
      await ask(`${filled};`)
      return []
    }
    // Always one line: JSON writes line ends as \n. Numbers go as text, because JSON.parse rounds large ones.
    const answer = await ask(
      `SELECT coalesce(pg_catalog.jsonb_agg((SELECT pg_catalog.jsonb_object_agg(v.key, v.value) FROM pg_catalog.jsonb_each_text(pg_catalog.to_jsonb(q)) AS v)), '[]')::text
         FROM (\n${filled}\n) AS q;`,
    )
    return JSON.parse(answer.at(-1) ?? '[]') as T[]
  }
  return {
    rows,
    all: async statements => {
      const results: Array<Record<string, string | null>[]> = []
      for (const sql of statements) results.push(await rows(sql))
      return results
    },
    row: oneRow(rows),
    pid,
    version,
    isShared: false,
    isIdle: () => true,
    isLost: () => false,
    // The transaction ends it.
    [Symbol.asyncDispose]: async () => {},
  }
}

/**
 * psql cannot bind a null: values are written into the statement. A statement without values stays
 * unchanged, even if it contains `$1`.
 */
function fill(sql: string, values: readonly unknown[]): string {
  return values.length === 0 ? sql : sql.replace(/\$(\d+)/g, (_, n: string) => literal(values[Number(n) - 1]))
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (Array.isArray(value)) return `ARRAY[${value.map(literal).join(', ')}]`
  return quoteLiteral(String(value))
}
