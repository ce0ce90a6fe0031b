import { createHash } from 'node:crypto'
import { type BackupId, renderBackupId } from '../../core/backup/backup-id.ts'
import { archiveKey, type Location, manifestKey } from '../../core/backup/bucket-layout.ts'
import { type Manifest, parseManifest } from '../../core/backup/manifest.ts'
import { type ErrorCode, OperatorError } from '../../core/errors.ts'
import type { Store } from '../../storage/store.ts'

/** A manifest from the store. */
export interface FoundManifest extends Manifest {
  /** SHA-256 of all of its bytes in the store, also of what this version does not read. */
  readonly jsonSha256: string
}

/**
 * The manifest of a backup, undefined where there is none. A copy of a bucket or prefix names the original:
 * what is returned names the place where it was found. A manifest under the name of another backup or
 * database was put there, and must not stand for it. Throws MANIFEST_INVALID.
 */
export async function readManifest(
  id: BackupId,
  location: Location,
  store: Store,
): Promise<FoundManifest | undefined> {
  const key = manifestKey(location, id)
  const json = await store.findText(key)
  if (json === undefined) return undefined
  const manifest = parseManifest(json, store.uri(key))
  const whose = whoseElse(manifest, id, location)
  if (whose === undefined) {
    const jsonSha256 = createHash('sha256').update(json).digest('hex')
    return { ...placeHere(manifest, id, location, store), jsonSha256 }
  }
  throw new OperatorError('MANIFEST_INVALID', `The manifest ${store.uri(key)} is that of another ${whose}.`, {
    hint: 'Pick another backup, and find out who put it there.',
  })
}

/**
 * What a manifest is of, when it is not of this backup: it would send a restore to the archive of another.
 */
function whoseElse({ backup, object }: Manifest, id: BackupId, location: Location): string | undefined {
  if (backup.id !== renderBackupId(id) || backup.kind !== id.kind)
    return `backup: ${backup.id} (${backup.kind})`
  if (backup.database !== location.database) return `database: ${backup.database}`
  const own = archiveKey({ ...location, prefix: '' }, id, extensionOf(object.key))
  return object.key === own || object.key.endsWith(`/${own}`)
    ? undefined
    : `place: its archive is ${object.key}`
}

function placeHere(manifest: Manifest, id: BackupId, location: Location, store: Store): Manifest {
  const { object } = manifest
  const key = archiveKey(location, id, extensionOf(object.key))
  if (object.bucket === store.bucket && object.key === key) return manifest
  store.log.info(
    `The manifest of ${manifest.backup.id} names s3://${object.bucket}/${object.key}; this is a copy, read from ${store.uri(key)}.`,
  )
  return { ...manifest, object: { ...object, bucket: store.bucket, key } }
}

function extensionOf(key: string): 'dump' | 'sql' {
  return key.endsWith('.sql') ? 'sql' : 'dump'
}

const ONE_OBJECT: ReadonlySet<ErrorCode> = new Set([
  'MANIFEST_INVALID',
  'DRILL_RECORD_INVALID',
  'STORE_CORRUPT',
  'STORE_DENIED',
  'BACKUP_UNUSABLE',
])

/** Whether an error is about this one object, so that another may be read all the same. */
export function isOfOneObject({ code }: OperatorError): boolean {
  return ONE_OBJECT.has(code)
}
