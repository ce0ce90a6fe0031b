import { countRows, type Manifest, type TableFingerprint } from '../backup/manifest.ts'
import { byKey, keyOf } from '../pg/qualified-name.ts'
import { renderCount } from '../text/bytes.ts'
import { renderAmount, renderName } from '../text/counts.ts'

export interface PlausibilityRules {
  /** In percent of the rows that a table had: 20, or 0.5. Exact to the millionth. */
  readonly maxDropPercent: number
  /** Tables that may shrink or go: `users`, `audit.events`; without a schema it is public. */
  readonly expectedDrops: readonly string[]
}

/** Whether the rows were compared, and with what. */
export type Plausibility =
  | {
      readonly kind: 'compared'
      readonly with: Manifest['backup']
      /** How many tables were compared. */
      readonly tables: number
      /** describeSizes */
      readonly sizes: string
    }
  /** `why` is one sentence. */
  | { readonly kind: 'not-compared'; readonly why: string }

/** A table that lost more rows since the last full backup than may happen unnoticed. */
export interface Drop {
  /** `users`, `audit.events` */
  readonly table: string
  readonly rowsBefore: number
  /** Null where the table is gone. */
  readonly rowsNow: number | null
  /** For people: `users: 20,000 rows before, 15,000 now (25 % fewer)`. */
  readonly text: string
}

/**
 * Below this many rows a share says little: one deleted row of three is a third. Such a table is reported
 * only when it lost everything, or is gone.
 */
const SMALL_TABLE_ROWS = 20

/**
 * Finds tables that lost more rows than allowed since the last full backup, and tables that are gone. A
 * renamed table is gone too; its text names a new table with as many rows. Empty tables may go. Of a partial
 * snapshot only its own tables are compared. Finds nothing where either manifest counted no rows (see
 * `comparable`).
 */
export function implausibleDrops(
  previous: Manifest,
  current: Manifest,
  rules: PlausibilityRules,
): readonly Drop[] {
  const before = comparedTables(previous, current)
  const now = byKey(current.fingerprint.tables)
  const earlier = byKey(previous.fingerprint.tables)
  if (comparable(previous, current) !== undefined) return []
  const isExpected = (table: TableFingerprint) =>
    [renderName(table), `${table.schema}.${table.name}`].some(name => rules.expectedDrops.includes(name))
  const fresh = current.fingerprint.tables.filter(table => !earlier.has(keyOf(table)))
  return before
    .filter(table => table.rows > 0 && !isExpected(table))
    .flatMap(table => dropOf(table, now.get(keyOf(table)), fresh, rules.maxDropPercent))
}

/** Why the two cannot be compared; undefined where they can. */
export function comparable(previous: Manifest, current: Manifest): string | undefined {
  const uncounted = [previous, current].find(({ fingerprint }) => fingerprint.level === 'none')
  if (uncounted !== undefined)
    return `Backup ${uncounted.backup.id} counted no rows: take backups with fingerprint: counts.`
  return previous.backup.kind === 'partial'
    ? `Backup ${previous.backup.id} is partial: what it left out cannot be compared.`
    : undefined
}

/** The tables of the earlier backup that the later one must have. */
export function comparedTables(previous: Manifest, current: Manifest): readonly TableFingerprint[] {
  const before = previous.fingerprint.tables
  if (current.backup.kind !== 'partial') return before
  const now = byKey(current.fingerprint.tables)
  return before.filter(table => now.has(keyOf(table)))
}

/**
 * How rows and bytes changed, for people. They decide nothing: a database shrinks after VACUUM FULL too. A
 * partial archive is not compared with a whole one.
 */
export function describeSizes(previous: Manifest, current: Manifest): string {
  const change = (what: string, from: number, to: number) =>
    `${what} ${from === 0 ? '(none before)' : renderChange(from, to)}`
  const compared = comparedTables(previous, current)
  const known = byKey(compared)
  const isPartial = current.backup.kind === 'partial'
  const now = current.fingerprint.tables.filter(table => !isPartial || known.has(keyOf(table)))
  return [
    change('rows', countRows(compared), countRows(now)),
    change('database', previous.server.databaseBytes, current.server.databaseBytes),
    ...(isPartial ? [] : [change('archive', previous.object.bytes, current.object.bytes)]),
  ].join(', ')
}

function dropOf(
  before: TableFingerprint,
  now: TableFingerprint | undefined,
  fresh: readonly TableFingerprint[],
  maxDropPercent: number,
): readonly Drop[] {
  const table = renderName(before)
  const rowsBefore = before.rows
  if (now === undefined) {
    const text = `${table}: gone, with ${renderAmount(rowsBefore, 'row')}${renameHint(before, fresh)}`
    return [{ table, rowsBefore, rowsNow: null, text }]
  }
  const isSmall = rowsBefore < SMALL_TABLE_ROWS
  const isDropped = isSmall ? now.rows === 0 : exceeds(rowsBefore - now.rows, rowsBefore, maxDropPercent)
  if (!isDropped) return []
  const text = `${table}: ${renderAmount(rowsBefore, 'row')} before, ${renderCount(now.rows)} now (${renderChange(rowsBefore, now.rows)})`
  return [{ table, rowsBefore, rowsNow: now.rows, text }]
}

/** In whole numbers: 20 % of 10 is 2, and 2 fewer are not more than that. */
function exceeds(lost: number, of: number, percent: number): boolean {
  return BigInt(lost) * 1_000_000n > BigInt(of) * BigInt(Math.round(percent * 10_000))
}

function renameHint(before: TableFingerprint, fresh: readonly TableFingerprint[]): string {
  const alike = fresh.filter(
    table => table.rows > 0 && !exceeds(Math.abs(table.rows - before.rows), before.rows, 10),
  )
  const [first] = alike
  if (first === undefined) return ''
  return `; ${renderName(first)} is new, with ${renderAmount(first.rows, 'row')}: if it was renamed, name ${renderName(before)} in expected-drops`
}

/** `25 % fewer`, `0.1 % more`, `as before`. */
function renderChange(from: number, to: number): string {
  if (from === to) return 'as before'
  const percent = (Math.abs(to - from) / from) * 100
  const digits = percent < 0.1 ? 4 : percent < 10 ? 1 : 0
  return `${Number(percent.toFixed(digits))} % ${to < from ? 'fewer' : 'more'}`
}
