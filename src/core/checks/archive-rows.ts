import type { QualifiedName } from '../pg/qualified-name.ts'
import { keyOf } from '../pg/qualified-name.ts'
import { renderAmount, renderDifference, renderName, renderSome } from '../text/counts.ts'
import type { Check } from './check.ts'

/** The rows of one table, or of a partitioned table with all of its partitions. */
export interface TableRows extends QualifiedName {
  readonly rows: number
  /** Over the text of the rows, as COPY writes it. */
  readonly hash: string
}

/** The rows of one table in an archive, and how they are compared. */
export interface ArchiveTableRows extends TableRows {
  readonly columns: readonly string[]
  /** The tables whose COPY statements the archive has: the table itself, or partitions. */
  readonly sources: readonly QualifiedName[]
  /** The entries of the archive. */
  readonly entryIds: readonly string[]
  /** The hash does not depend on the order of the rows. */
  readonly isUnordered: boolean
}

/** The rows of a table in the restored database; a reason where they could not be compared. */
export type RestoredRows = TableRows | { readonly notComparable: string }

/** The name of the check over all tables. */
const ALL_ROWS = 'contents of all tables'

/** Digits of a hash that are shown: enough to tell two apart. */
const HASH_SHOWN = 12

/**
 * Compares the rows that the archive holds with those of the restored tables: one line over all that agree,
 * and one for each table that differs, is missing, or could not be compared. Nothing where the archive holds
 * no table.
 */
export function archiveRowChecks(
  archive: readonly ArchiveTableRows[],
  restored: ReadonlyMap<string, RestoredRows>,
): readonly Check[] {
  if (archive.length === 0) return []
  const checks = archive.map(table => compareTable(table, restored.get(keyOf(table))))
  const passed = archive.filter((_, i) => checks[i]?.verdict === 'pass')
  const rows = passed.reduce((sum, table) => sum + table.rows, 0)
  const all = `${renderAmount(rows, 'row')} in ${renderAmount(passed.length, 'table')}`
  const summary: Check = {
    group: 'exact',
    name: ALL_ROWS,
    verdict: 'pass',
    expected: `${all} as in the archive`,
    found: 'every value the same',
    note: null,
  }
  return [...(rows > 0 ? [summary] : []), ...checks.filter(({ verdict }) => verdict !== 'pass')]
}

/** The rows were not compared: why, and what to do about it. */
export function rowsNotCompared(why: string, hint: string | undefined): Check {
  return {
    group: 'exact',
    name: ALL_ROWS,
    verdict: 'not-measured',
    expected: 'every row as in the archive',
    found: why.replace(/\.$/, ''),
    note: hint ?? null,
  }
}

/**
 * Checks of tables whose triggers have seen the rows come, because the operator wanted them to: they may
 * have changed them.
 */
export function excuseTriggers(checks: readonly Check[], triggers: readonly string[]): readonly Check[] {
  if (triggers.length === 0) return checks
  const note = `Triggers have seen these rows come, as you chose, and may have changed them: ${renderSome(triggers)}.`
  return checks.map(check => (check.verdict === 'fail' ? { ...check, verdict: 'not-measured', note } : check))
}

function compareTable(expected: ArchiveTableRows, found: RestoredRows | undefined): Check {
  const check = {
    group: 'exact',
    name: `contents of ${renderName(expected)}`,
    expected: renderRows(expected),
  } as const
  if (found === undefined)
    return { ...check, verdict: 'fail', found: 'no such table', note: 'The archive holds rows of it.' }
  if ('notComparable' in found)
    return { ...check, verdict: 'not-measured', found: 'not compared', note: found.notComparable }
  if (found.rows === expected.rows && found.hash === expected.hash)
    return { ...check, verdict: 'pass', found: renderRows(found), note: null }
  const difference = found.rows === expected.rows ? '' : ` (${renderDifference(found.rows, expected.rows)})`
  return {
    ...check,
    verdict: 'fail',
    found: renderRows(found) + difference,
    note:
      found.rows === expected.rows
        ? 'As many rows as in the archive, but not with the same values.'
        : 'The restored table does not hold the rows of the archive.',
  }
}

function renderRows({ rows, hash }: TableRows): string {
  return `${renderAmount(rows, 'row')}, content ${hash.slice(0, HASH_SHOWN)}`
}
