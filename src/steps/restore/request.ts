import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { Location } from '../../core/backup/bucket-layout.ts'
import type { PostgresVersion } from '../../core/pg/version.ts'
import type { RestoreMode, RestoreRecord } from '../../core/restore/restore-record.ts'
import type { RestoreScope } from '../../core/restore/restore-scope.ts'
import type { TriggerChoice } from '../../core/restore/row-trigger.ts'
import type { FoundManifest } from '../backups/read-manifest.ts'

/** What the operator asked for, with the backup it came to. */
export interface RestoreRequest {
  readonly manifest: FoundManifest
  readonly location: Location
  readonly mode: RestoreMode
  readonly scope: RestoreScope
  readonly target: Pick<RestoreRecord['target'], 'host' | 'port' | 'user' | 'database'>
  /** The new database of the modes new-database and swap. */
  readonly restoredName: string
  /** The name of the old database after a swap. */
  readonly previousName: string
  readonly allOrNothing: boolean
  /** Whether triggers see rows that replace others; undefined when the operator did not say. */
  readonly triggers: TriggerChoice | undefined
  readonly mayTerminateSessions: boolean
  /** Why no safety backup is taken; undefined takes one. */
  readonly skipSafetyBackup: string | undefined
  readonly sessionSettings: readonly string[]
  readonly pgRestore: PostgresVersion
  readonly nonce: string
  readonly run: RestoreRecord['run']
}

/** A request with the entries that its plan has chosen. */
export interface PlannedRestore extends RestoreRequest {
  readonly entries: readonly ArchiveEntry[]
}
