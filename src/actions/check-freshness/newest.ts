import type { BackupKind } from '../../core/backup/backup-id.ts'
import { drillPrefix, type Location } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { type DrillRecord, parseDrillRecord } from '../../core/drill/drill-record.ts'
import { OperatorError } from '../../core/errors.ts'
import { findBackup } from '../../steps/backups/find-backup.ts'
import { isOfOneObject } from '../../steps/backups/read-manifest.ts'
import { locateArchive } from '../../storage/locate-archive.ts'
import type { Store } from '../../storage/store.ts'
import { isDenied } from '../../storage/store-error.ts'
import type { Newest } from './age.ts'

/** Drills that are read, from the newest: so many in a row that did not pass are an answer too. */
const DRILLS_READ = 50

/** The newest backup of these kinds, or the newest full one; undefined where there is none. */
export async function findNewestBackup(
  location: Location,
  kinds: readonly BackupKind[] | undefined,
  store: Store,
): Promise<Manifest | undefined> {
  try {
    return await findBackup({ by: 'latest', ...(kinds && { kinds }) }, location, store, store.log)
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'BACKUP_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * Why the archive of a manifest would not restore, as far as that shows without reading it: gone, or another
 * length. Undefined where it is there, and, with a warning, where these credentials may not look.
 */
export async function findArchiveProblem(
  { backup, object }: Manifest,
  what: string,
  store: Store,
): Promise<string | undefined> {
  const archive = `archive of the newest ${what}`
  try {
    await locateArchive(store, object)
    return undefined
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'BACKUP_NOT_FOUND')
      return `The ${archive}, ${store.uri(object.key)}, is gone, and ${backup.id} with it: find out who or what removed it.`
    if (error instanceof OperatorError && error.code === 'ARCHIVE_CORRUPT')
      return `The ${archive} was replaced: ${error.message} Find out who or what did that.`
    if (!isDenied(error)) throw error
    store.log.warning(
      `Did not check whether the ${archive} still exists: these credentials may not look at ${store.uri(object.key)} (s3:GetObject on archives/).`,
    )
    return undefined
  }
}

/** Undefined where none of the newest drills passed. Throws where none of them may be read. */
export async function findNewestPassedDrill(location: Location, store: Store): Promise<Newest | undefined> {
  let firstError: OperatorError | undefined
  let read = 0
  for await (const keys of store.newest(drillPrefix(location))) {
    for (const key of keys.slice(0, DRILLS_READ - read)) {
      read += 1
      const drill = await readDrill(key, store).catch(error => {
        if (!(error instanceof OperatorError) || !isOfOneObject(error)) throw error
        firstError ??= error
        store.log.warning(`${error.message} It is skipped.`)
      })
      if (drill?.verdict === 'pass') return { id: drill.id, at: new Date(drill.startedAt) }
    }
    if (read === DRILLS_READ) break
  }
  if (firstError?.code === 'STORE_DENIED') throw firstError
  return undefined
}

async function readDrill(key: string, store: Store): Promise<DrillRecord['drill'] | undefined> {
  const text = await store.findText(key)
  return text === undefined ? undefined : parseDrillRecord(text, store.uri(key)).drill
}
