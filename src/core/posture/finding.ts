/** What one line of the report says. `not-measured`: these credentials may not look, so nothing is known. */
const POSTURE_VERDICTS = ['pass', 'fail', 'not-measured', 'not-applicable'] as const
export type PostureVerdict = (typeof POSTURE_VERDICTS)[number]

/** One line about the bucket. */
export interface PostureFinding {
  /** `versioning`, `lifecycle of archives`. */
  readonly check: string
  readonly verdict: PostureVerdict
  /** What was read or tried, as a sentence. */
  readonly evidence: string
  /** A command that repairs it, safe to paste; null where there is none. */
  readonly fix: string | null
  /** The right that the reading needs: `s3:GetBucketVersioning`. */
  readonly right: string
}

/** What the store says about one setting of the bucket. */
export type SettingReading<T> =
  | { readonly state: 'set'; readonly value: T }
  | { readonly state: 'unset' }
  /** The credentials may not read it. */
  | { readonly state: 'denied' }
  /** The store does not know the call, or answers in a form of its own. */
  | { readonly state: 'unknown-call' }

/** What a check says of a setting that was read. */
export type PostureJudgement = Pick<PostureFinding, 'verdict' | 'evidence'> & { readonly fix?: string }

/**
 * A finding from a reading. A refusal is never taken for success, and a call that the store lacks is no fault
 * of the bucket. `judge` sees the value, or undefined where nothing is set.
 */
export function toFinding<T>(
  check: string,
  right: string,
  reading: SettingReading<T>,
  judge: (value: T | undefined) => PostureJudgement,
): PostureFinding {
  const base = { check, right, fix: null }
  if (reading.state === 'denied')
    return { ...base, verdict: 'not-measured', evidence: `These credentials lack ${right}.` }
  if (reading.state === 'unknown-call')
    return { ...base, verdict: 'not-applicable', evidence: 'The store does not have this setting.' }
  const { fix = null, ...judged } = judge(reading.state === 'set' ? reading.value : undefined)
  return { ...base, ...judged, fix: judged.verdict === 'fail' ? fix : null }
}
