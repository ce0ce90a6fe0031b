/** The tiers of a policy, with restic's words: `keep-daily: 7` keeps the newest backup of seven days. */
export const TIERS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type Tier = (typeof TIERS)[number]

/** Which backups stay. Everything that no rule keeps may be deleted. */
export interface RetentionPolicy {
  /** Backups kept per tier; Infinity is `unlimited`. A tier that is absent keeps nothing. */
  readonly counts: Readonly<Partial<Record<Tier, number>>>
  /** Keeps what is at most so much older than the newest backup of its kind. */
  readonly withinMs: number | undefined
  /** How long partial backups stay; undefined: for ever. */
  readonly partialMs: number | undefined
  /** How long safety backups stay; undefined: for ever. */
  readonly safetyMs: number | undefined
  /** How long a backup stays after a gate, restore or cutover named it. */
  readonly referencedMs: number
  /** IANA name of the zone whose hours, days, weeks, months and years are counted. */
  readonly timeZone: string
}

/** Parses a count from 1 to 100,000, or `unlimited`. Throws a RangeError. */
export function parseKeepCount(text: string): number {
  if (text === 'unlimited') return Number.POSITIVE_INFINITY
  if (!/^[1-9]\d{0,5}$/.test(text) || Number(text) > 100_000)
    throw new RangeError('expected a whole number from 1 to 100000, or unlimited')
  return Number(text)
}

/** Parses an IANA time zone such as `Asia/Singapore`. Throws a RangeError. */
export function parseTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    throw new RangeError('expected a time zone such as UTC or Asia/Singapore')
  }
}

/** `last 3, daily 7, within 2 days`, for people. */
export function renderPolicy({ counts, withinMs, timeZone }: RetentionPolicy): string {
  const tiers = TIERS.filter(tier => counts[tier] !== undefined).map(tier => {
    const count = counts[tier] ?? 0
    return `${tier} ${Number.isFinite(count) ? count : 'unlimited'}`
  })
  const within = withinMs === undefined ? [] : [`within ${renderDays(withinMs)}`]
  return `${[...tiers, ...within].join(', ')} (${timeZone})`
}

/** `30 days`, `1.5 days`. */
export function renderDays(ms: number): string {
  const days = ms / 86_400_000
  return `${Number.isInteger(days) ? days : days.toFixed(1)} ${days === 1 ? 'day' : 'days'}`
}
