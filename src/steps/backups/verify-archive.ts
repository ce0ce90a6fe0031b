import type { Manifest } from '../../core/backup/manifest.ts'
import { isColdStorage } from '../../core/backup/storage-class.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Store } from '../../storage/store.ts'
import { fetchArchive, type RestoreTools } from './fetch-archive.ts'

/**
 * Level `checksum`: the store still holds the object of the manifest, of that size, with the ETag and the checksum that
 * it confirmed when the archive was written. Nothing is read back. Without a checksum that proves nothing, unless every byte
 * was read back before: `isProven`. Throws GATE_UNVERIFIED.
 */
export async function verifyChecksum({ object }: Manifest, store: Store, isProven = false): Promise<void> {
  const found = await store.head(object.key)
  const uri = store.uri(object.key)
  if (found === undefined) throw unverified(`${uri} is gone.`)
  const problems = [
    found.bytes !== object.bytes && `${found.bytes} bytes instead of ${object.bytes}`,
    found.etag !== object.etag && `the ETag ${found.etag} instead of ${object.etag}`,
    (found.checksum?.value ?? null) !== (object.checksum?.value ?? null) && 'another checksum',
  ].filter(problem => problem !== false)
  if (problems.length > 0) throw unverified(`${uri} has ${problems.join(', ')}.`)
  if (isColdStorage(found.storageClass))
    throw unverified(`${uri} is in cold storage (${found.storageClass}): nobody can read it at once.`)
  if (object.checksum === null && !isProven) {
    throw unverified(
      `The store keeps no checksum of ${uri}, so that it has to be read back to be verified.`,
      'Ask for level archive.',
    )
  }
}

/**
 * Level `archive`: every byte is read back and compared with the manifest, then decoded by pg_restore, which zstd and
 * lz4 archives need: they carry no checksum of their own. Throws ARCHIVE_CORRUPT or GATE_UNVERIFIED.
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
