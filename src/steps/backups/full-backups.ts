import { type BackupId, NEVER_LATEST } from '../../core/backup/backup-id.ts'
import type { Location } from '../../core/backup/bucket-layout.ts'
import { type DatabaseMarks, differenceOf } from '../../core/backup/database-identity.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Store } from '../../storage/store.ts'
import { newestBackups } from './find-backup.ts'
import { isOfOneObject, readManifest } from './read-manifest.ts'

/** So many manifests are read at most. */
const LOOK_BACK = 20

/** What is looked for: backups of one database, from a span of time. */
interface BackupQuery {
  readonly location: Location
  readonly database: DatabaseMarks
  readonly since?: Date
  readonly until?: Date
}

/**
 * The full backups of exactly this database, newest first, as many as LOOK_BACK manifests hold. A manifest
 * that cannot be read, and those of another database under the same name, are skipped with a warning.
 */
export async function* fullBackups(
  { location, database, since, until }: BackupQuery,
  { store, log }: { readonly store: Store; readonly log: Log },
): AsyncGenerator<Manifest, void> {
  let read = 0
  let others = 0
  for await (const id of newestBackups(location, store, until)) {
    if (since !== undefined && id.instant < since) return
    if (NEVER_LATEST.includes(id.kind) || !isUntil(id, until)) continue
    if (read === LOOK_BACK) return
    read += 1
    const manifest = await readManifest(id, location, store).catch(error => skip(error, log))
    if (manifest === undefined) continue
    const difference = differenceOf(manifest.server, database)
    if (difference === undefined) yield manifest
    else {
      const text = `The backup ${manifest.backup.id} is skipped: ${difference}.`
      if (others === 0) log.warning(`${text} Give each database a logical name of its own.`)
      else log.info(text)
      others += 1
    }
  }
}

function isUntil({ instant }: BackupId, until: Date | undefined): boolean {
  return until === undefined || instant <= until
}

function skip(error: unknown, log: Log): undefined {
  if (!(error instanceof OperatorError) || !isOfOneObject(error)) throw error
  log.warning(`${error.message} It is skipped.`)
}
