import type { Manifest } from '../../core/backup/manifest.ts'
import { isColdStorage } from '../../core/backup/storage-class.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Store } from '../../storage/store.ts'
import { fetchArchive, type RestoreTools } from './fetch-archive.ts'

interface ChecksumTools {
  readonly store: Store
  /** Reads every byte back and compares each part with the manifest. */
  readonly readBack: () => Promise<void>
}

/**
 * Level `checksum`: the store still holds an object of that size with the checksum that it confirmed when the
 * archive was written. Where it keeps none, or only a copy in other parts is there, every byte is read back
 * instead. Throws GATE_UNVERIFIED, ARCHIVE_CORRUPT.
 */
export async function verifyChecksum(
  { object }: Manifest,
  { store, readBack }: ChecksumTools,
): Promise<void> {
  const found = await store.head(object.key)
  const uri = store.uri(object.key)
  if (found === undefined) throw unverified(`${uri} is gone.`)
  if (found.bytes !== object.bytes)
    throw unverified(`${uri} has ${found.bytes} bytes. Expected ${object.bytes}.`)
  if (isColdStorage(found.storageClass))
    throw unverified(`${uri} is in cold storage (${found.storageClass}) and cannot be read at once.`)
  const isOriginal = found.etag === object.etag
  if (object.checksum !== null && isSame(found.checksum, object.checksum)) {
    if (!isOriginal) store.log.info(`${uri} is a copy, proven by its checksum.`)
    return
  }
  // The checksum of the very object that was written cannot change.
  if (isOriginal && object.checksum !== null && found.checksum !== null)
    throw unverified(`${uri} has the checksum ${found.checksum.value}. Expected ${object.checksum.value}.`)
  store.log.info(`The store keeps no checksum of ${uri} to compare with, so every byte is read back.`)
  await readBack()
}

function isSame(found: Manifest['object']['checksum'], expected: Manifest['object']['checksum']): boolean {
  return found?.algorithm === expected?.algorithm && found?.value === expected?.value
}

/**
 * Level `archive`: every byte is read back and compared with the manifest, then decoded by pg_restore, which
 * zstd and lz4 archives need: they carry no checksum of their own. Throws ARCHIVE_CORRUPT or GATE_UNVERIFIED.
 */
export async function verifyArchive(
  manifest: Manifest,
  tools: RestoreTools & { readonly decode: () => Promise<void> },
): Promise<void> {
  await fetchArchive(manifest, tools)
  await tools.decode()
  tools.log.info('pg_restore decoded the whole archive.')
}

function unverified(
  message: string,
  hint = 'Take a new restore point: run the gate again without reuse-within.',
): OperatorError {
  return new OperatorError('GATE_UNVERIFIED', message, { hint })
}
