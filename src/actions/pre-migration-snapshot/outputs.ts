import type { ActionResult } from '../../core/action-result.ts'
import { type BackupCopy, listCopies, listFailedCopies } from '../../core/backup/copies.ts'
import type { VerifyLevel } from '../../core/gate/gate-record.ts'

/** What is known at the end; what is left out stays empty, and the gate closed. */
interface KnownOutputs {
  /** Undefined in the phase after, which does not look. */
  readonly migrationsPending: boolean | undefined
  readonly backupId?: string
  readonly restorePoint?: string
  readonly snapshotAt?: string
  readonly level?: VerifyLevel
  readonly restoreCommand?: string
  readonly gateUri?: string
  readonly copies?: readonly BackupCopy[]
}

/** Every output on every way out, so that a workflow can always read them. */
export function gateOutputs(known: KnownOutputs): ActionResult['outputs'] {
  return {
    'migrations-pending': known.migrationsPending ?? '',
    'backup-id': known.backupId ?? '',
    'restore-point': known.restorePoint ?? '',
    'snapshot-at': known.snapshotAt ?? '',
    'verified-level': known.level ?? 'none',
    'restore-command': known.restoreCommand ?? '',
    'gate-uri': known.gateUri ?? '',
    copies: listCopies(known.copies ?? []),
    'failed-copies': listFailedCopies(known.copies ?? []),
  }
}
