import { renderRestoreObject } from '../core/backup/aws-commands.ts'
import type { Manifest } from '../core/backup/manifest.ts'
import { OperatorError } from '../core/errors.ts'
import type { ObjectFacts, Store } from './store.ts'
import { isArchived, isDenied, isNotFound, isPreconditionFailed, storeErrorName } from './store-error.ts'

/** The object that is read for a manifest: the very one that was written, or a copy of it. */
export interface FoundArchive {
  readonly key: string
  readonly bytes: number
  readonly etag: string
  readonly versionId: string | null
  readonly storageClass: string
  readonly checksum: ObjectFacts['checksum']
  readonly thaw: ObjectFacts['thaw']
  /** Another version or another ETag. Only the checksums of its parts prove that it is the same. */
  readonly isCopy: boolean
}

/**
 * Finds the archive of a manifest: the version that was written, else the object that is under its key now,
 * if it has the same length. A copy has another ETag where it was uploaded in other parts, and another
 * version in any case. Throws BACKUP_NOT_FOUND, or ARCHIVE_CORRUPT for another length.
 */
export async function locateArchive(store: Store, archive: Manifest['object']): Promise<FoundArchive> {
  const { key, bytes } = archive
  const found = await headArchive(store, archive)
  if (found === undefined) throw gone(store, key, undefined)
  if (found.bytes !== bytes)
    throw new OperatorError(
      'ARCHIVE_CORRUPT',
      `${store.uri(key)} has ${found.bytes} bytes. Expected ${bytes}, as in its manifest.`,
      { hint: 'Do not restore it. Pick an older backup, and find out who replaced the object.' },
    )
  return found
}

/** As locateArchive, of any length; undefined where there is none. */
export async function headArchive(
  store: Store,
  { key, versionId, etag }: Manifest['object'],
): Promise<FoundArchive | undefined> {
  const pinned = versionId === null ? undefined : await headVersion(store, key, versionId)
  if (pinned?.etag === etag) return { ...pinned, key, versionId, isCopy: false }
  const current = await store.head(key)
  return current && { ...current, key, isCopy: current.etag !== etag || versionId !== null }
}

/** Undefined where that version is not there, as in another bucket, or may not be read. */
async function headVersion(store: Store, key: string, versionId: string): Promise<ObjectFacts | undefined> {
  try {
    return await store.head(key, { versionId })
  } catch (error) {
    if (isDenied(error) || UNKNOWN_VERSION.has(storeErrorName(error))) return undefined
    throw error
  }
}

/** A HEAD has no body that could say why: 400 is a version id of another store, 405 a delete marker. */
const UNKNOWN_VERSION = new Set([
  '400',
  '405',
  'BadRequest',
  'MethodNotAllowed',
  'InvalidArgument',
  'Unknown',
  'UnknownError',
])

/** Explains why a range of an archive cannot be read. */
export function explainRefusal(store: Store, found: FoundArchive, error: unknown): unknown {
  const uri = store.uri(found.key)
  if (isPreconditionFailed(error) || storeErrorName(error) === 'InvalidRange') {
    return new OperatorError('ARCHIVE_CORRUPT', `${uri} was replaced while it was read.`, {
      hint: 'Do not restore it. Pick an older backup, and find out who replaced the object.',
      cause: error,
    })
  }
  if (isNotFound(error)) return gone(store, found.key, error)
  if (isArchived(error)) {
    return new OperatorError(
      'BACKUP_UNUSABLE',
      `${uri} is in cold storage (${found.storageClass}) and has to be restored there before it can be read.`,
      {
        hint: `Run: ${renderRestoreObject(store.cliObject(found.key))} and try again when it is there.`,
        cause: error,
      },
    )
  }
  return error
}

function gone(store: Store, key: string, cause: unknown): OperatorError {
  return new OperatorError(
    'BACKUP_NOT_FOUND',
    `The archive ${store.uri(key)} is gone, though its manifest is there.`,
    { hint: 'Pick another backup, and find out whether a lifecycle rule or a person removed it.', cause },
  )
}
