import { NEVER_LATEST } from '../backup/backup-id.ts'
import { calendarOf } from './calendar.ts'
import { type Catalogue, type CatalogueBackup, newestFirst } from './catalogue.ts'
import { catalogueProblems, doubtOf } from './doubts.ts'
import { type RetentionPolicy, renderDays } from './policy.ts'
import { safeguardsOf } from './safeguards.ts'
import { keepByTiers } from './tiers.ts'

interface KeptBackup {
  readonly backup: CatalogueBackup
  /** At least one. */
  readonly reasons: readonly string[]
}

/** What a policy makes of a catalogue. */
export interface RetentionPlan {
  /** Newest first. */
  readonly kept: readonly KeptBackup[]
  /** What nothing keeps, oldest first. */
  readonly due: readonly CatalogueBackup[]
  /** Why some backups have tiers apart and displace no others, by id. */
  readonly doubts: ReadonlyMap<string, string>
  /** Reasons to delete nothing, as sentences. Where there is one, `due` is empty. */
  readonly problems: readonly string[]
}

/**
 * Decides for each backup. Deterministic; applied to what it leaves, it deletes nothing more; a policy that
 * keeps more never deletes what a stricter one keeps.
 */
export function planRetention(catalogue: Catalogue, policy: RetentionPolicy, now: Date): RetentionPlan {
  const problems = catalogueProblems(catalogue, now)
  const ordered = newestFirst(catalogue.backups)
  const byPolicy = reasonsOfPolicy(ordered, catalogue, policy, now)
  const bySafeguard = safeguardsOf(catalogue)
  const judged = ordered.map(backup => ({
    backup,
    reasons: [...byPolicy(backup), ...bySafeguard(backup), ...(problems.length > 0 ? [NOTHING_DELETED] : [])],
  }))
  return {
    kept: judged.filter(({ reasons }) => reasons.length > 0),
    due: judged
      .filter(({ reasons }) => reasons.length === 0)
      .map(({ backup }) => backup)
      .toReversed(),
    doubts: new Map(ordered.flatMap(backup => doubtEntry(backup, catalogue))),
    problems,
  }
}

function doubtEntry(backup: CatalogueBackup, catalogue: Catalogue): readonly (readonly [string, string])[] {
  const doubt = doubtOf(backup, catalogue)
  return doubt === undefined ? [] : [[backup.id, doubt]]
}

const NOTHING_DELETED = 'nothing is deleted in this run'

type ReasonsOf = (backup: CatalogueBackup) => readonly string[]

/** Full backups have tiers per kind, those in doubt tiers apart; partial and safety backups have an age. */
function reasonsOfPolicy(
  ordered: readonly CatalogueBackup[],
  catalogue: Catalogue,
  policy: RetentionPolicy,
  now: Date,
): ReasonsOf {
  const full = ordered.filter(({ kind }) => !NEVER_LATEST.includes(kind))
  const groups = Map.groupBy(full, backup => `${backup.kind} ${doubtOf(backup, catalogue) === undefined}`)
  const periodsOf = calendarOf(policy.timeZone)
  const byTiers = new Map([...groups.values()].flatMap(group => [...keepByTiers(group, policy, periodsOf)]))
  return backup =>
    NEVER_LATEST.includes(backup.kind) ? reasonsOfAge(backup, policy, now) : (byTiers.get(backup.id) ?? [])
}

function reasonsOfAge(backup: CatalogueBackup, policy: RetentionPolicy, now: Date): readonly string[] {
  const limitMs = backup.kind === 'partial' ? policy.partialMs : policy.safetyMs
  if (limitMs === undefined) return [`${backup.kind} backups are kept`]
  const ageMs = now.getTime() - backup.snapshotAt.getTime()
  return ageMs <= limitMs ? [`${backup.kind}, at most ${renderDays(limitMs)} old`] : []
}
