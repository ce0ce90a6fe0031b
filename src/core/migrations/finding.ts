import { renderAmount, renderSome } from '../text/counts.ts'
import type { MigrationReport, MigrationState } from './migration-report.ts'

/** What was found of one tool, in one folder and one table. */
export interface MigrationFinding {
  /** Undefined where a table only looks like one of a migration tool. */
  readonly tool: string | undefined
  readonly state: MigrationState
  readonly pending: readonly string[]
  /** `public.schema_migrations`; undefined where there is none. */
  readonly table: string | undefined
  /** What was compared, for one table or several. */
  readonly source: (tables: string) => string
  /** Why, in one to three sentences, for one table or several. */
  readonly why: (tables: string) => string
}

const SEVERITY: readonly MigrationState[] = ['pending', 'unknown', 'none']
/** Hundreds of schemas may each say something else; the worst come first. */
const GROUPS_SHOWN = 8
const TABLES_SHOWN = 3

/** Several findings as one answer: the worst decides and comes first, and equal ones are counted. */
export function mergeFindings(findings: readonly MigrationFinding[]): MigrationReport {
  const bySeverity = findings.toSorted((a, b) => SEVERITY.indexOf(a.state) - SEVERITY.indexOf(b.state))
  const groups = [...Map.groupBy(bySeverity, keyOf).values()].flatMap(group =>
    group[0] === undefined ? [] : [{ finding: group[0], tables: renderTables(group) }],
  )
  const shown = groups.slice(0, GROUPS_SHOWN)
  const hidden = groups.length - shown.length
  const tools = [...new Set(findings.map(({ tool }) => tool))]
  const isOne = tools.length === 1
  const named = tools.filter(tool => tool !== undefined)
  const prefix = ({ tool }: MigrationFinding) => (isOne || tool === undefined ? '' : `${tool}: `)
  return {
    tool: named.length === 0 ? undefined : named.join(' and '),
    source: shown.map(({ finding, tables }) => finding.source(tables)).join('; '),
    pending: [...new Set(bySeverity.flatMap(one => one.pending.map(name => `${prefix(one)}${name}`)))],
    state: bySeverity[0]?.state ?? 'unknown',
    why: [
      ...shown.map(({ finding, tables }) => `${prefix(finding)}${finding.why(tables)}`),
      ...(hidden > 0 ? [`And ${renderAmount(hidden, 'more finding')}.`] : []),
    ].join(' '),
  }
}

/** Findings that say the same of different tables. */
function keyOf({ tool, state, pending, source, why }: MigrationFinding): string {
  return JSON.stringify([tool, state, pending, source(''), why('')])
}

function renderTables(findings: readonly MigrationFinding[]): string {
  return renderSome(
    findings.flatMap(({ table }) => table ?? []),
    TABLES_SHOWN,
  )
}
