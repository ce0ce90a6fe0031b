import { BACKUP_KINDS, type BackupKind, NEVER_LATEST } from '../../core/backup/backup-id.ts'
import { parseDatabaseName } from '../../core/backup/bucket-layout.ts'
import { parseDuration } from '../../core/text/duration.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs, Read } from '../../runner/inputs.ts'
import { type BackupStore, readBackupStore } from '../../wiring/store-inputs.ts'

interface FreshnessInputs extends BackupStore {
  /** Of the backups that count; undefined: every full one. */
  readonly kinds: readonly BackupKind[] | undefined
  /** Undefined: not looked at. */
  readonly backupMaxAgeMs: number | undefined
  readonly drillMaxAgeMs: number | undefined
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readFreshnessInputs(inputs: Inputs, environment: Environment): FreshnessInputs {
  const backupMaxAgeMs = inputs.parseOptional('backup-max-age', parseDuration)
  const drillMaxAgeMs = inputs.parseOptional('drill-max-age', parseDuration)
  if (backupMaxAgeMs === undefined && drillMaxAgeMs === undefined)
    inputs.problem('backup-max-age', 'is empty, and so is drill-max-age: nothing would be checked')
  return inputs.finish({
    ...readBackupStore(inputs, environment, inputs.parse('database', parseDatabaseName)),
    kinds: readKinds(inputs),
    backupMaxAgeMs,
    drillMaxAgeMs,
  })
}

function readKinds(inputs: Inputs): Read<readonly BackupKind[] | undefined> {
  const full = BACKUP_KINDS.filter(kind => !NEVER_LATEST.includes(kind))
  const lines = inputs.lines('kinds')
  const unknown = lines.filter(line => !full.some(kind => kind === line))
  if (unknown.length > 0)
    return inputs.problem(
      'kinds',
      `got "${unknown.join('", "')}", expected one per line of ${full.join(', ')}`,
    )
  return lines.length === 0 ? undefined : full.filter(kind => lines.includes(kind))
}
