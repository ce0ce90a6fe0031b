import {
  type BackupId,
  type BackupKind,
  NEVER_LATEST,
  parseBackupId,
  renderBackupId,
} from '../../core/backup/backup-id.ts'
import type { BackupChoice } from '../../core/backup/backup-selector.ts'
import { archivePrefix, type Location, manifestKey, manifestPrefix } from '../../core/backup/bucket-layout.ts'
import { type Manifest, parseManifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Store } from '../../storage/store.ts'

export interface Search {
  /** The newest that pg_restore can take: `latest` passes over plain scripts. */
  readonly isForRestore?: boolean
  /** Told about each newer backup that was passed over, in a sentence: it may be what somebody relies on. */
  readonly onPassedOver?: (why: string) => void
}

/**
 * The manifest of the chosen backup. A damaged manifest is passed over by `latest`, and said so; an id gets what it
 * names. Throws BACKUP_NOT_FOUND, saying what there is instead.
 */
export async function findBackup(
  choice: BackupChoice,
  location: Location,
  store: Store,
  log: Log,
  search: Search = {},
): Promise<Manifest> {
  if (choice.by === 'id') return readById(choice.id, location, store)
  const ids = await listBackups(location, store)
  const isInTime = beforeLimit(choice)
  const counts = countedKinds(choice)
  for (const id of ids.filter(({ kind, instant }) => counts(kind) && isInTime(instant))) {
    const manifest = await readManifest(id, location, store).catch(error => passOver(error, log, search))
    // The id is to the second, the snapshot to the millisecond.
    if (manifest === undefined || !isInTime(new Date(manifest.backup.snapshotAt))) continue
    if (search.isForRestore !== true || manifest.archive.format === 'custom') return manifest
    const why = `The backup ${manifest.backup.id} is a ${manifest.archive.format} script, which pg_restore cannot take.`
    log.info(`${why} It is passed over.`)
    search.onPassedOver?.(why)
  }
  const asked = choice.by === 'before' ? ` before ${choice.instant.toISOString()}` : ''
  throw new OperatorError(
    'BACKUP_NOT_FOUND',
    `There is no full backup of ${location.database}${asked} in ${store.uri(manifestPrefix(location))}: ${describe(ids)}.`,
    {
      hint: 'Check destination and database, or make a backup with dump-to-s3.',
    },
  )
}

function countedKinds(choice: BackupChoice): (kind: BackupKind) => boolean {
  const kinds = choice.by === 'latest' ? choice.kinds : undefined
  return kind => (kinds === undefined ? !NEVER_LATEST.includes(kind) : kinds.includes(kind))
}

function beforeLimit(choice: BackupChoice): (instant: Date) => boolean {
  const limit = choice.by === 'before' ? choice.instant.getTime() : Number.POSITIVE_INFINITY
  return instant => instant.getTime() < limit
}

/** Every backup that has a manifest, newest first. Other objects under the prefix are none of ours. */
export async function listBackups(location: Location, store: Store): Promise<readonly BackupId[]> {
  const keys = await store.list(manifestPrefix(location))
  const names = keys.map(key => /([^/]+)\.json$/.exec(key)?.[1] ?? '')
  return names.flatMap(toId).toReversed()
}

async function readById(id: BackupId, location: Location, store: Store): Promise<Manifest> {
  const manifest = await readManifest(id, location, store)
  if (manifest !== undefined) return manifest
  const newest = (await listBackups(location, store)).slice(0, 3).map(renderBackupId)
  throw new OperatorError(
    'BACKUP_NOT_FOUND',
    `The backup ${renderBackupId(id)} has no manifest in ${store.uri(manifestPrefix(location))}, so it is not a backup. Newest: ${newest.join(', ') || 'none'}.`,
    {
      hint: 'Check backup, destination and database. An archive without a manifest comes from a dump that did not finish.',
    },
  )
}

/** A manifest under the name of another backup, or of another database, was copied there, and must not stand for it. */
async function readManifest(id: BackupId, location: Location, store: Store): Promise<Manifest | undefined> {
  const key = manifestKey(location, id)
  const json = await store.findText(key)
  if (json === undefined) return undefined
  const manifest = parseManifest(json, store.uri(key))
  const whose = whoseElse(manifest, id, location)
  if (whose === undefined) return manifest
  throw new OperatorError('MANIFEST_INVALID', `The manifest ${store.uri(key)} is that of another ${whose}.`, {
    hint: 'Pick another backup, and find out who put it there.',
  })
}

/** What a manifest is of, when it is not of this backup here: it would send a restore to the archive of another. */
function whoseElse({ backup, object }: Manifest, id: BackupId, location: Location): string | undefined {
  if (backup.id !== renderBackupId(id) || backup.kind !== id.kind)
    return `backup: ${backup.id} (${backup.kind})`
  if (backup.database !== location.database) return `database: ${backup.database}`
  return object.key.startsWith(archivePrefix(location)) ? undefined : `place: its archive is ${object.key}`
}

function passOver(error: unknown, log: Log, { onPassedOver }: Search): undefined {
  if (!(error instanceof OperatorError) || error.code !== 'MANIFEST_INVALID') throw error
  log.warning(`${error.message} It is passed over.`)
  onPassedOver?.(error.message)
}

function toId(name: string): readonly BackupId[] {
  try {
    return [parseBackupId(name)]
  } catch {
    return []
  }
}

function describe(ids: readonly BackupId[]): string {
  if (ids.length === 0) return 'it holds no backup at all'
  const partial = ids.filter(({ kind }) => kind === 'partial').length
  return `it holds ${ids.length} backups, ${partial} of them partial, the newest from ${ids[0]?.instant.toISOString()}`
}
