import type { Check } from '../checks/check.ts'
import { renderCount } from '../text/bytes.ts'
import { renderAmount, renderName } from '../text/counts.ts'
import { renderDuration } from '../text/duration.ts'
import { holds, renderCondition, shorten } from './condition.ts'
import type {
  Criterion,
  ExtensionCriterion,
  Measurement,
  NewestCriterion,
  QueryCriterion,
  Reference,
  TableCriterion,
  TableMember,
} from './criterion.ts'

/**
 * The check that a criterion comes to. What the database answered with an error is a failure; it never
 * throws.
 */
export function evaluateCriterion(
  criterion: Criterion,
  measurement: Measurement,
  reference: Reference,
): Check {
  switch (criterion.kind) {
    case 'table':
      return tableCheck(criterion, measurement, reference)
    case 'newest':
      return newestCheck(criterion, measurement, reference)
    case 'query':
      return queryCheck(criterion, measurement)
    case 'extension':
      return extensionCheck(criterion, measurement)
  }
}

/** The rows to compare with and where they are from, or why there are none. */
type ExpectedRows =
  | { readonly rows: number; readonly from: string }
  | { readonly rows: undefined; readonly why: string }

function tableCheck(criterion: TableCriterion, measurement: Measurement, reference: Reference): Check {
  const { tolerancePpm, table } = criterion
  if (measurement.kind !== 'table') {
    return unmeasurable(criterion, `${renderName(table)} within ${renderPercent(tolerancePpm)}`, measurement)
  }
  const { rows } = measurement
  const expected = expectedRows(criterion, measurement.members, reference)
  if (expected.rows === undefined) {
    const within = `within ${renderPercent(tolerancePpm)} of an unknown number of rows`
    return result(criterion, 'not-measured', within, renderAmount(rows, 'row'), expected.why)
  }
  const allowed = allowedDifference(expected.rows, tolerancePpm)
  const [low, high] = [expected.rows - allowed, expected.rows + allowed]
  const range = low === high ? renderCount(low) : `${renderCount(low)} to ${renderCount(high)}`
  return result(
    criterion,
    rows >= low && rows <= high ? 'pass' : 'fail',
    `${range} rows (${renderCount(expected.rows)} ${expected.from} ± ${renderPercent(tolerancePpm)})`,
    `${renderAmount(rows, 'row')}${renderDeviation(rows, expected.rows)}`,
  )
}

/**
 * What the table held: in the live database where one was given, else at the snapshot, summed over its
 * partitions. A partition that did not come back is not missed here, but by the exact comparison.
 */
function expectedRows(
  { name }: TableCriterion,
  members: readonly TableMember[],
  { live, backupRows }: Reference,
): ExpectedRows {
  if (live !== undefined) {
    const measured = live.get(name)
    if (measured?.kind === 'table') return { rows: measured.rows, from: 'in the live database' }
    const why = measured?.kind === 'error' ? measured.message : 'it was not asked'
    return { rows: undefined, why: `The live database did not tell: ${why}.` }
  }
  if (backupRows === undefined) {
    const why = 'The manifest counted no rows. Take backups with fingerprint: counts, or give live-url.'
    return { rows: undefined, why }
  }
  let rows = 0
  for (const member of members) {
    const known = backupRows.find(row => row.schema === member.schema && row.name === member.name)
    if (known === undefined)
      return { rows: undefined, why: `The manifest does not list ${renderName(member)}.` }
    rows += known.rows
  }
  return { rows, from: 'at the snapshot' }
}

/**
 * Whole rows, rounded down, in exact arithmetic: 5 % of 1,000 is 50, and 50 off passes. 5 % of 3 rows is
 * none.
 */
function allowedDifference(expected: number, tolerancePpm: number): number {
  return Number((BigInt(expected) * BigInt(tolerancePpm)) / 1_000_000n)
}

function newestCheck(criterion: NewestCriterion, measurement: Measurement, { snapshotAt }: Reference): Check {
  const { withinMs, table, column } = criterion
  const expected = `within ${renderDuration(withinMs)} of the snapshot at ${snapshotAt.toISOString()}`
  if (measurement.kind !== 'newest') return unmeasurable(criterion, expected, measurement)
  const { at, hasTimeZone } = measurement
  if (at === null) return result(criterion, 'fail', expected, `no value in ${renderName(table)}.${column}`)
  const sinceMs = snapshotAt.getTime() - at.getTime()
  const distance = `${renderDuration(Math.abs(sinceMs))} ${sinceMs < 0 ? 'after' : 'before'} it`
  const passes = Math.abs(sinceMs) <= withinMs
  const notes = [
    ...(passes || sinceMs > 0
      ? []
      : ['Newer than the snapshot can hold, unless a clock was wrong or the values lie ahead on purpose.']),
    ...(hasTimeZone ? [] : [`${column} has no time zone: it was read as UTC.`]),
  ]
  return result(
    criterion,
    passes ? 'pass' : 'fail',
    expected,
    `${at.toISOString()} (${distance})`,
    notes.length === 0 ? null : notes.join(' '),
  )
}

function queryCheck(criterion: QueryCriterion, measurement: Measurement): Check {
  const { condition } = criterion
  const expected = renderCondition(condition)
  if (measurement.kind !== 'query') return unmeasurable(criterion, expected, measurement)
  const { rows, value } = measurement
  if (condition.kind === 'empty')
    return result(
      criterion,
      (rows === 0) === condition.empty ? 'pass' : 'fail',
      expected,
      renderAmount(rows, 'row'),
    )
  if (rows !== 1) {
    const found = rows === 0 ? 'no row' : 'more than one row'
    return result(
      criterion,
      'fail',
      expected,
      found,
      'A query has to return one row; its first column counts.',
    )
  }
  return result(criterion, holds(condition, value) ? 'pass' : 'fail', expected, shorten(value ?? 'null'))
}

/** Of group `structure`: that an extension is there says nothing about data. */
function extensionCheck(criterion: ExtensionCriterion, measurement: Measurement): Check {
  const expected = `extension ${criterion.extension}`
  if (measurement.kind !== 'extension')
    return { ...unmeasurable(criterion, expected, measurement), group: 'structure' }
  const { version } = measurement
  return {
    ...result(criterion, version === null ? 'fail' : 'pass', expected, version ?? 'not installed'),
    group: 'structure',
  }
}

/**
 * An answer that could not be had is a failure: the database was asked and did not give it. But a full disk,
 * a statement that took too long or a right that the role lacks is no fault of the backup.
 */
function unmeasurable(criterion: Criterion, expected: string, measurement: Measurement): Check {
  const found = measurement.kind === 'error' ? measurement.message : `a measurement of ${measurement.kind}`
  const isOfServer = measurement.kind === 'error' && measurement.isOfServer === true
  return result(
    criterion,
    isOfServer ? 'not-measured' : 'fail',
    expected,
    `error: ${shorten(found)}`,
    isOfServer ? 'The scratch server could not answer, which says nothing about the backup.' : null,
  )
}

function result(
  { name }: Criterion,
  verdict: Check['verdict'],
  expected: string,
  found: string,
  note: string | null = null,
): Check {
  return { group: 'criteria', name, verdict, expected, found, note }
}

/** ` (-4.9 %)`; nothing where it is equal, or where there is nothing to take a share of. */
function renderDeviation(found: number, expected: number): string {
  if (found === expected || expected === 0) return ''
  const percent = ((found - expected) / expected) * 100
  const digits = Math.abs(percent) < 0.1 ? 4 : 2
  return ` (${percent > 0 ? '+' : ''}${Number(percent.toFixed(digits))} %)`
}

/** `5 %`, `0.25 %` */
function renderPercent(ppm: number): string {
  return `${ppm / 10_000} %`
}
