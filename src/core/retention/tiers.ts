import type { Periods } from './calendar.ts'
import { type RetentionPolicy, renderDays, TIERS, type Tier } from './policy.ts'

/** What the tiers look at. */
interface DatedBackup {
  readonly id: string
  readonly snapshotAt: Date
}

/** Why the policy keeps a backup: `daily 2026-11-23`. */
type Reasons = ReadonlyMap<string, readonly string[]>

/**
 * What a policy keeps of backups of one kind, newest first, with every reason. The algorithm is restic's
 * (internal/data/snapshot_policy.go): each tier keeps the newest of a period until its count is used up, and
 * the oldest of all while counts are left, so that a young collection grows into its longest tier.
 */
export function keepByTiers<T extends DatedBackup>(
  newestFirst: readonly T[],
  policy: RetentionPolicy,
  periodsOf: (instant: Date) => Periods,
): Reasons {
  const kept = new Map<string, string[]>()
  const keep = ({ id }: DatedBackup, reason: string) => kept.set(id, [...(kept.get(id) ?? []), reason])
  const dated = newestFirst.map(backup => ({ backup, periods: periodsOf(backup.snapshotAt) }))
  for (const tier of TIERS) {
    let left = policy.counts[tier] ?? 0
    let previous: string | undefined
    for (const [index, { backup, periods }] of dated.entries()) {
      if (left <= 0) break
      const period = tier === 'last' ? backup.id : periods[tier]
      const isOldest = index === newestFirst.length - 1
      if (period === previous && !isOldest) continue
      keep(backup, describe(tier, period, period === previous))
      previous = period
      left -= 1
    }
  }
  keepWithin(newestFirst, policy.withinMs, keep)
  return kept
}

function describe(tier: Tier, period: string, isOldest: boolean): string {
  if (isOldest) return `oldest, while ${tier} counts are left`
  return tier === 'last' ? 'last' : `${tier} ${period}`
}

/** Counted from the newest backup, as restic does: when backups stop, none of them ages out. */
function keepWithin<T extends DatedBackup>(
  newestFirst: readonly T[],
  withinMs: number | undefined,
  keep: (backup: T, reason: string) => void,
): void {
  const [newest] = newestFirst
  if (withinMs === undefined || newest === undefined) return
  const limit = newest.snapshotAt.getTime() - withinMs
  for (const backup of newestFirst)
    if (backup.snapshotAt.getTime() >= limit) keep(backup, `within ${renderDays(withinMs)} of the newest`)
}
