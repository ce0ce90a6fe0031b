import type { BackupKind } from '../backup/backup-id.ts'
import type { Verdict } from '../checks/check.ts'

/** One backup as retention sees it: what its manifest claims, and what the store says about both objects. */
export interface CatalogueBackup {
  readonly id: string
  readonly kind: BackupKind
  /** The instant in its id, to the second. */
  readonly namedAt: Date
  /** The database server's clock at the snapshot, from the manifest. */
  readonly snapshotAt: Date
  /** The store's clock when the manifest was written. */
  readonly storedAt: Date
  /** Bytes of the archive, from the manifest. */
  readonly bytes: number
  readonly sha256: string
  readonly versionId: string | null
  /** Bytes of the archive in the store; undefined where there is none. */
  readonly storedBytes: number | undefined
  /** Versions of manifest or archive that are not the same bytes. Names are unique, so there is one. */
  readonly isOverwritten: boolean
}

/** What a drill proved, and of exactly which object. */
export interface DrillProof {
  readonly id: string
  readonly at: Date
  readonly verdict: Verdict
  readonly backup: { readonly id: string; readonly sha256: string; readonly versionId: string | null }
}

/** Everything that a retention plan is made from. */
export interface Catalogue {
  readonly backups: readonly CatalogueBackup[]
  /** Newest first. */
  readonly drills: readonly DrillProof[]
  /** Whether there are drill records at all, also damaged ones. */
  readonly hasDrills: boolean
  /** Ids that recent gates, restores and cutovers name, each with the record that does. */
  readonly referenced: ReadonlyMap<string, string>
  /** Pins that are in force, by backup id, each as a reason for people. */
  readonly pinned: ReadonlyMap<string, string>
  /** What could not be read. Any of it, and nothing may be deleted. */
  readonly unreadable: readonly string[]
  /** The store's clock when the listing began. */
  readonly storeTime: Date
}

/** Whether a drill restored exactly the object that the manifest describes. */
export function isProofOf({ backup: drilled }: DrillProof, backup: CatalogueBackup): boolean {
  return (
    drilled.id === backup.id && drilled.sha256 === backup.sha256 && drilled.versionId === backup.versionId
  )
}

/** Newest first; ids decide where two were taken at the same moment. */
export function newestFirst(backups: readonly CatalogueBackup[]): readonly CatalogueBackup[] {
  return backups.toSorted(
    (a, b) => b.snapshotAt.getTime() - a.snapshotAt.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0),
  )
}
