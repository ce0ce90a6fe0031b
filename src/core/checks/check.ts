import * as d from '../json/decode.ts'

/** What a drill concludes. Not measured is not success: nothing passes because it was not looked at. */
export const VERDICTS = ['pass', 'fail', 'not-measured'] as const
export type Verdict = (typeof VERDICTS)[number]

/** What one check may say; `information` is worth reading and decides nothing. */
export const CHECK_VERDICTS = [...VERDICTS, 'information'] as const
export type CheckVerdict = (typeof CHECK_VERDICTS)[number]

/**
 * Where a check comes from: getting the backup and restoring it, the comparison with the manifest, the
 * criteria file, the state of the restored database, its pages and indexes, the smoke command.
 */
export const CHECK_GROUPS = ['restore', 'exact', 'criteria', 'structure', 'amcheck', 'smoke'] as const
type CheckGroup = (typeof CHECK_GROUPS)[number]

/** One line of a drill's judgement, as it is read from a record. */
export const check = d.object({
  group: d.oneOf(CHECK_GROUPS),
  /** What was looked at, unique enough to be found: `table users`. */
  name: d.string,
  verdict: d.oneOf(CHECK_VERDICTS),
  /** For people: `20,000 rows`. */
  expected: d.string,
  /** For people: `19,999 rows (1 fewer)`. */
  found: d.string,
  /** Why, or what to do; null where there is nothing to add. */
  note: d.nullable(d.string),
})
export type Check = d.Decoded<typeof check>

/** Groups whose passing checks show that data came back; an index or an exit code alone does not. */
const MEASURES_DATA: readonly CheckGroup[] = ['exact', 'criteria']

/**
 * Groups that the operator asked for: when one of their checks could not be made, the drill has not
 * measured it.
 */
const ASKED_FOR: readonly CheckGroup[] = ['criteria', 'amcheck', 'smoke']

/** Checks that the operator asked for and that could not be made. */
export function gapsOf(checks: readonly Check[]): readonly Check[] {
  return checks.filter(({ group, verdict }) => verdict === 'not-measured' && ASKED_FOR.includes(group))
}

/**
 * The verdict over all checks. Any failure fails. Without a passing check of data nothing was measured,
 * however much else passed; and a criterion that could not be measured is not made up for by others that
 * were.
 */
export function verdictOf(checks: readonly Check[]): Verdict {
  if (checks.some(({ verdict }) => verdict === 'fail')) return 'fail'
  const measured = checks.some(({ group, verdict }) => verdict === 'pass' && MEASURES_DATA.includes(group))
  return measured && gapsOf(checks).length === 0 ? 'pass' : 'not-measured'
}
