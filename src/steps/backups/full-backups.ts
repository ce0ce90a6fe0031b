import { type BackupId, NEVER_LATEST } from '../../core/backup/backup-id.ts'
import type { Location } from '../../core/backup/bucket-layout.ts'
import { type DatabaseMarks, differenceOf } from '../../core/backup/database-identity.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Store } from '../../storage/store.ts'
import { findBackup, listBackups } from './find-backup.ts'

/** So many manifests are read before it is given up. */
const LOOK_BACK = 20

/**
 * The full backups of exactly this database, newest first, as many as LOOK_BACK manifests hold. A manifest that cannot be read, and
 * those of another database under the same name, are passed over with a warning.
 */
export async function* fullBackups(
  location: Location,
  database: DatabaseMarks,
  isWanted: (id: BackupId) => boolean,
  { store, log }: { readonly store: Store; readonly log: Log },
): AsyncGenerator<Manifest, void> {
  const ids = (await listBackups(location, store)).filter(
    id => !NEVER_LATEST.includes(id.kind) && isWanted(id),
  )
  let others = 0
  for (const id of ids.slice(0, LOOK_BACK)) {
    const manifest = await findBackup({ by: 'id', id }, location, store, log).catch(error =>
      passOver(error, log),
    )
    if (manifest === undefined) continue
    const difference = differenceOf(manifest.server, database)
    if (difference === undefined) yield manifest
    else {
      const text = `The backup ${manifest.backup.id} is passed over: ${difference}.`
      if (others === 0) log.warning(`${text} Give each database a logical name of its own.`)
      else log.info(text)
      others += 1
    }
  }
}

/** Damaged, or removed since it was listed. */
function passOver(error: unknown, log: Log): undefined {
  if (!(error instanceof OperatorError) || !['MANIFEST_INVALID', 'BACKUP_NOT_FOUND'].includes(error.code))
    throw error
  log.warning(`${error.message} It is passed over.`)
}
