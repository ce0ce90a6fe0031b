import { NEVER_LATEST } from '../backup/backup-id.ts'
import { type Catalogue, type CatalogueBackup, isProofOf, newestFirst } from './catalogue.ts'
import { doubtOf, isEvidence } from './doubts.ts'

/** A reason to keep a backup that no policy can overrule, or undefined. */
type Safeguard = (backup: CatalogueBackup) => string | undefined

/** What stays regardless of the policy, each backup with its reasons. */
export function safeguardsOf(catalogue: Catalogue): (backup: CatalogueBackup) => readonly string[] {
  const safeguards: readonly Safeguard[] = [
    newestFull(catalogue),
    newestProven(catalogue),
    ({ id }) => catalogue.pinned.get(id),
    ({ id }) => {
      const record = catalogue.referenced.get(id)
      return record === undefined ? undefined : `named by ${record}`
    },
    backup => (isEvidence(backup) ? `evidence: ${doubtOf(backup, catalogue)}` : undefined),
  ]
  return backup => safeguards.flatMap(safeguard => safeguard(backup) ?? [])
}

/** The newest full backup, and the newest that nothing is known against. */
function newestFull(catalogue: Catalogue): Safeguard {
  const full = newestFirst(catalogue.backups).filter(({ kind }) => !NEVER_LATEST.includes(kind))
  const [newest] = full
  const trusted = full.find(backup => doubtOf(backup, catalogue) === undefined)
  return ({ id }) => (id === newest?.id || id === trusted?.id ? 'newest full backup' : undefined)
}

/**
 * The newest backup that passed a drill, and all that is newer: while drills fail, nothing newer than the
 * last good one is known to be better. A team that drills but has no pass left deletes nothing; without any
 * drills the policy alone decides.
 */
function newestProven({ backups, drills, hasDrills }: Catalogue): Safeguard {
  const isProven = (backup: CatalogueBackup) => lastVerdict(backup, drills) === 'pass' && !isEvidence(backup)
  const proven = newestFirst(backups).find(isProven)
  if (proven === undefined) return () => (hasDrills ? 'no backup that is left passed a drill' : undefined)
  return ({ id, snapshotAt }) => {
    if (id === proven.id) return 'newest that passed a drill'
    return snapshotAt >= proven.snapshotAt
      ? `newer than ${proven.id}, the newest that passed a drill`
      : undefined
  }
}

function lastVerdict(backup: CatalogueBackup, drills: Catalogue['drills']) {
  return drills.find(drill => isProofOf(drill, backup) && drill.verdict !== 'not-measured')?.verdict
}
