import { renderDuration } from '../text/duration.ts'
import { type Catalogue, type CatalogueBackup, isProofOf } from './catalogue.ts'
import { renderDays } from './policy.ts'

/** Clocks of database, store and runner may differ by so much; as in check-freshness. */
const CLOCK_TOLERANCE_MS = 10 * 60_000
/** An id is to the second, and its snapshot follows within moments. */
const NAME_TOLERANCE_MS = 60_000
/**
 * A manifest is written when its dump ends. One that comes later than any dump lasts is a copy, or forged.
 */
const LONGEST_DUMP_MS = 2 * 86_400_000

/**
 * Reasons to delete nothing at all, as sentences: something could not be read, or clocks disagree, so that
 * ages mean nothing. Empty for a catalogue that can be trusted.
 */
export function catalogueProblems(catalogue: Catalogue, now: Date): readonly string[] {
  return [
    ...catalogue.unreadable,
    ...clockProblems(now, catalogue.storeTime),
    ...catalogue.backups.flatMap(backup => backupClockProblems(backup, now)),
  ]
}

function clockProblems(now: Date, storeTime: Date): readonly string[] {
  const difference = Math.abs(now.getTime() - storeTime.getTime())
  if (difference <= CLOCK_TOLERANCE_MS) return []
  return [`The clocks of this machine and of the store differ by ${renderDuration(difference)}.`]
}

function backupClockProblems(backup: CatalogueBackup, now: Date): readonly string[] {
  const { id, namedAt, snapshotAt, storedAt } = backup
  const aheadOf = (clock: Date) => snapshotAt.getTime() - clock.getTime()
  if (Math.abs(aheadOf(namedAt)) > NAME_TOLERANCE_MS)
    return [`The manifest of ${id} says that its snapshot is of ${snapshotAt.toISOString()}.`]
  if (aheadOf(now) > CLOCK_TOLERANCE_MS)
    return [`The backup ${id} claims to be from ${renderDuration(aheadOf(now))} in the future.`]
  if (aheadOf(storedAt) > CLOCK_TOLERANCE_MS)
    return [`The store wrote ${id} ${renderDuration(aheadOf(storedAt))} before its snapshot.`]
  return []
}

/**
 * Why a backup may not take the place of others in a period; undefined where nothing is known against it.
 * Without this rule a damaged or forged backup pushes out the good one of the same day.
 */
export function doubtOf(backup: CatalogueBackup, { drills }: Catalogue): string | undefined {
  const { bytes, storedBytes, storedAt, snapshotAt } = backup
  if (backup.isOverwritten) return 'the store has versions of it that differ'
  if (storedBytes === undefined) return 'its archive is gone'
  if (storedBytes !== bytes) return `its archive has ${storedBytes} bytes, its manifest says ${bytes}`
  const lateMs = storedAt.getTime() - snapshotAt.getTime()
  const last = drills.find(drill => isProofOf(drill, backup) && drill.verdict !== 'not-measured')
  if (last?.verdict === 'fail') return `it failed the drill ${last.id}`
  if (last === undefined && lateMs > LONGEST_DUMP_MS)
    return `its manifest came ${renderDays(lateMs)} after its snapshot, as a copy does`
  return undefined
}

/** What is evidence of something gone wrong, and stays for people to look at. */
export function isEvidence({ isOverwritten, storedBytes, bytes }: CatalogueBackup): boolean {
  return isOverwritten || storedBytes !== bytes
}
