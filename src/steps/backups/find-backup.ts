import {
  type BackupId,
  type BackupKind,
  NEVER_LATEST,
  parseBackupId,
  renderBackupId,
} from '../../core/backup/backup-id.ts'
import type { BackupChoice } from '../../core/backup/backup-selector.ts'
import { type Location, manifestPrefix } from '../../core/backup/bucket-layout.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Store } from '../../storage/store.ts'
import { type FoundManifest, isOfOneObject, readManifest } from './read-manifest.ts'

interface Search {
  /** The newest that pg_restore can take: `latest` skips plain scripts. */
  readonly isForRestore?: boolean
  /**
   * Gets a sentence about each newer backup that was skipped: it may be the one that the operator relies on.
   */
  readonly onSkipped?: (why: string) => void
}

/** So many manifests that the store does not give are the fault of the credentials or of the store. */
const MOST_UNREADABLE = 20

/**
 * The manifest of the chosen backup. `latest` skips a manifest that cannot be read, and says so; an id gets
 * what it names, and its error lists what else there is. Throws BACKUP_NOT_FOUND.
 */
export async function findBackup(
  choice: BackupChoice,
  location: Location,
  store: Store,
  log: Log,
  search: Search = {},
): Promise<FoundManifest> {
  if (choice.by === 'id') return readById(choice.id, location, store)
  const isInTime = beforeLimit(choice)
  const counts = countedKinds(choice)
  const until = choice.by === 'before' ? choice.instant : undefined
  const skip = skipper(log, search)
  for await (const id of newestBackups(location, store, until)) {
    if (!counts(id.kind) || !isInTime(id.instant)) continue
    const manifest = await readManifest(id, location, store).catch(skip.unreadable)
    // The id is to the second, the snapshot to the millisecond.
    if (manifest === undefined || !isInTime(new Date(manifest.backup.snapshotAt))) continue
    if (search.isForRestore !== true || manifest.archive.format === 'custom') return manifest
    skip.note(
      `The backup ${manifest.backup.id} is a ${manifest.archive.format} script, which pg_restore cannot take.`,
    )
  }
  throw await nothingFound(choice, location, store, skip.firstError)
}

/** Skips with a warning what stays unreadable, and remembers the first reason. */
function skipper(log: Log, { onSkipped }: Search) {
  let unreadable = 0
  const skip = {
    firstError: undefined as OperatorError | undefined,
    note(why: string): void {
      log.warning(`${why} Trying the backup before it.`)
      onSkipped?.(why)
    },
    unreadable(error: unknown): undefined {
      if (!(error instanceof OperatorError) || !isOfOneObject(error)) throw error
      if (error.code !== 'MANIFEST_INVALID') unreadable += 1
      skip.firstError ??= error
      if (unreadable > MOST_UNREADABLE) throw skip.firstError
      skip.note(error.message)
    },
  }
  return skip
}

async function nothingFound(
  choice: BackupChoice,
  location: Location,
  store: Store,
  cause: OperatorError | undefined,
): Promise<OperatorError> {
  // Only denied: the credentials are what is wrong.
  if (cause?.code === 'STORE_DENIED') return cause
  const ids = await listBackups(location, store)
  const asked = choice.by === 'before' ? ` before ${choice.instant.toISOString()}` : ''
  return new OperatorError(
    'BACKUP_NOT_FOUND',
    `There is no full backup of ${location.database}${asked} in ${store.uri(manifestPrefix(location))}: ${describe(ids)}.`,
    { hint: 'Check destination and database, or make a backup with dump-to-s3.', cause },
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

/**
 * Every backup that has a manifest, newest first: only as much of the history is listed as is read. Other
 * objects under the prefix are ignored.
 */
export async function* newestBackups(
  location: Location,
  store: Store,
  until?: Date,
): AsyncGenerator<BackupId, void> {
  for await (const keys of store.newest(manifestPrefix(location), until && { until }))
    yield* keys.flatMap(toId)
}

/** The whole history, newest first. */
export async function listBackups(location: Location, store: Store): Promise<readonly BackupId[]> {
  return (await store.list(manifestPrefix(location))).flatMap(toId).toReversed()
}

async function readById(id: BackupId, location: Location, store: Store): Promise<FoundManifest> {
  const place = store.uri(manifestPrefix(location))
  try {
    const manifest = await readManifest(id, location, store)
    if (manifest !== undefined) return manifest
  } catch (error) {
    if (!(error instanceof OperatorError) || !isOfOneObject(error)) throw error
    throw error.withContext({ after: `Newest others: ${await nameNewest(location, store, id)}.` })
  }
  throw new OperatorError(
    'BACKUP_NOT_FOUND',
    `The backup ${renderBackupId(id)} has no manifest in ${place}, so it is not a backup. Newest: ${await nameNewest(location, store)}.`,
    {
      hint: 'Check backup, destination and database. An archive without a manifest comes from a dump that did not finish.',
    },
  )
}

/** The three newest, without the one that was asked for. */
async function nameNewest(location: Location, store: Store, without?: BackupId): Promise<string> {
  const names: string[] = []
  for await (const id of newestBackups(location, store)) {
    if (without === undefined || renderBackupId(id) !== renderBackupId(without))
      names.push(renderBackupId(id))
    if (names.length === 3) break
  }
  return names.join(', ') || 'none'
}

function toId(key: string): readonly BackupId[] {
  try {
    return [parseBackupId(/([^/]+)\.json$/.exec(key)?.[1] ?? '')]
  } catch {
    return []
  }
}

function describe(ids: readonly BackupId[]): string {
  if (ids.length === 0) return 'it holds no backup at all'
  const partial = ids.filter(({ kind }) => kind === 'partial').length
  return `it holds ${ids.length} backups, ${partial} of them partial, the newest from ${ids[0]?.instant.toISOString()}`
}
