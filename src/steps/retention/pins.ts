import { type BackupId, renderBackupId } from '../../core/backup/backup-id.ts'
import { manifestKey, pinKey } from '../../core/backup/bucket-layout.ts'
import { OperatorError } from '../../core/errors.ts'
import { PIN_VERSION, type Pin, renderPin } from '../../core/retention/pin.ts'
import type { RetentionDeps } from './deps.ts'

export interface PinRequest {
  readonly id: BackupId
  readonly reason: string
  readonly until: Date | undefined
}

/** Pins a backup; a pin that is there already stays as it is. Throws BACKUP_NOT_FOUND, INVALID_INPUT. */
export async function pinBackup({ id, reason, until }: PinRequest, deps: RetentionDeps): Promise<void> {
  const { store, location } = deps
  const backupId = renderBackupId(id)
  if ((await store.head(manifestKey(location, id))) === undefined)
    throw new OperatorError(
      'BACKUP_NOT_FOUND',
      `There is no backup ${backupId} of ${location.database} to pin.`,
      {
        hint: 'Check pin, destination and database. The plan of prune-backups lists every backup.',
      },
    )
  const key = pinKey(location, backupId)
  if ((await store.findText(key)) !== undefined)
    throw new OperatorError('INVALID_INPUT', `${backupId} is pinned already: ${store.uri(key)}.`, {
      hint: 'To change the reason or the date, remove the pin with unpin first.',
    })
  await store.putJson(key, renderPin(createPin(backupId, reason, until, deps)))
  store.log.info(`Pinned ${backupId}.`)
}

function createPin(backupId: string, reason: string, until: Date | undefined, deps: RetentionDeps): Pin {
  return {
    version: PIN_VERSION,
    pin: {
      backupId,
      database: deps.location.database,
      reason,
      by: deps.actor,
      at: deps.now().toISOString(),
      until: until?.toISOString() ?? null,
    },
    run: deps.run,
  }
}

/** Removes a pin; a store with versions keeps it as an old one. Throws INVALID_INPUT where there is none. */
export async function unpinBackup(id: BackupId, deps: RetentionDeps): Promise<void> {
  const { store, location } = deps
  const key = pinKey(location, renderBackupId(id))
  if ((await store.findText(key)) === undefined)
    throw new OperatorError(
      'INVALID_INPUT',
      `${renderBackupId(id)} is not pinned: there is no ${store.uri(key)}.`,
      { hint: 'Check unpin, destination and database. The plan of prune-backups names every pin.' },
    )
  // Without a version: a pin in a bucket whose objects are locked by default could not be deleted otherwise.
  await deps.deleteVersion(key, null)
  store.log.info(`Removed the pin of ${renderBackupId(id)}.`)
}
