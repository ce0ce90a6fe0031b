import { renderDuration } from '../../core/text/duration.ts'

/** The newest of its kind, and the instant that counts for its age. */
export interface Newest {
  readonly id: string
  readonly at: Date
}

/** How old the newest of a kind is, against how old it may be. */
export interface Age {
  /** `full backup`, `daily backup`, `passed drill` */
  readonly what: string
  readonly maxAgeMs: number
  /** Undefined: there is none at all. */
  readonly newest: Newest | undefined
  /** Undefined where there is none. Below zero for what claims to be from the future. */
  readonly ageMs: number | undefined
  /** Why it is not fresh, for people; undefined where it is. */
  readonly problem: string | undefined
}

/** Clocks that differ by more make every age a guess. */
const CLOCK_TOLERANCE_MS = 10 * 60_000

export function judgeAge(what: string, newest: Newest | undefined, maxAgeMs: number, now: Date): Age {
  const ageMs = newest && now.getTime() - newest.at.getTime()
  return { what, maxAgeMs, newest, ageMs, problem: problemOf(what, newest, ageMs, maxAgeMs) }
}

function problemOf(
  what: string,
  newest: Newest | undefined,
  ageMs: number | undefined,
  maxAgeMs: number,
): string | undefined {
  const allowed = `at most ${renderAge(maxAgeMs)} is allowed`
  if (newest === undefined || ageMs === undefined) return `There is no ${what} at all; ${allowed}.`
  if (ageMs < -CLOCK_TOLERANCE_MS)
    return `The newest ${what}, ${newest.id}, claims to be from ${renderAge(-ageMs)} in the future: the clocks disagree, so its age is unknown.`
  if (ageMs > maxAgeMs) return `The newest ${what}, ${newest.id}, is ${renderAge(ageMs)} old; ${allowed}.`
  return undefined
}

/** As a duration, in days where there are more than two. */
export function renderAge(ms: number): string {
  return ms < 2 * 86_400_000 ? renderDuration(ms) : `${(ms / 86_400_000).toFixed(1)} days`
}
