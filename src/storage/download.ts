import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { renderThaw } from '../core/backup/aws-commands.ts'
import type { Manifest } from '../core/backup/manifest.ts'
import { diskError, OperatorError } from '../core/errors.ts'
import type { Store } from './store.ts'
import { isNotFound, isPreconditionFailed, storeErrorName } from './store-error.ts'

type ArchiveObject = Manifest['object']

/** Ranges fetched at the same time; AWS gives 85 to 90 MB/s a connection (S3 performance guidelines). */
const IN_FLIGHT = 4
/** A part whose bytes differ is fetched once more: the fault may have been on the way. */
const ATTEMPTS = 2

interface Part {
  readonly from: number
  readonly bytes: number
  readonly sha256: string
}

/**
 * Downloads an archive into a new file, pinned to the version and ETag in its manifest, and compares every part with
 * the manifest's SHA-256: when this returns, the file is what pg_dump wrote. Memory does not depend on its size.
 * Throws ARCHIVE_CORRUPT where bytes differ or the object was replaced, BACKUP_UNUSABLE in cold storage.
 */
export async function downloadArchive(
  store: Store,
  archive: ArchiveObject,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const parts = layOut(store, archive)
  await using file = await open(path, 'wx', 0o600)
  await file.truncate(archive.bytes)
  const stop = new AbortController()
  const signal = AbortSignal.any([store.signal, stop.signal])
  const queue = parts.values()
  const work = async () => {
    for (const part of queue) await fetchPart({ store, archive, file, signal, onBytes }, part)
  }
  const workers = Array.from({ length: IN_FLIGHT }, () =>
    work().catch(error => {
      stop.abort(error)
      throw error
    }),
  )
  // The file must not be closed, nor removed by the caller, while others still write.
  await Promise.allSettled(workers)
  stop.signal.throwIfAborted()
}

/** The parts with their places; a manifest whose parts are not the whole object is damaged. */
function layOut(store: Store, archive: ArchiveObject): readonly Part[] {
  let from = 0
  const parts = archive.parts.map(part => {
    const placed = { ...part, from }
    from += part.bytes
    return placed
  })
  if (from === archive.bytes) return parts
  throw new OperatorError(
    'MANIFEST_INVALID',
    `The parts in the manifest of ${store.uri(archive.key)} make ${from} bytes, the archive has ${archive.bytes}.`,
    {
      hint: 'Pick another backup.',
    },
  )
}

interface Transfer {
  readonly store: Store
  readonly archive: ArchiveObject
  readonly file: FileHandle
  readonly signal: AbortSignal
  readonly onBytes: (bytes: number) => void
}

async function fetchPart(transfer: Transfer, part: Part): Promise<void> {
  if (part.bytes === 0) return
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if ((await fetchRange(transfer, part)) === part.sha256) return transfer.onBytes(part.bytes)
  }
  const { store, archive } = transfer
  throw new OperatorError(
    'ARCHIVE_CORRUPT',
    `${store.uri(archive.key)} differs from its manifest between byte ${part.from} and ${part.from + part.bytes - 1}: the SHA-256 is not ${part.sha256}.`,
    {
      hint: 'Do not restore this archive. Pick an older backup, and find out who or what changed the object.',
    },
  )
}

/** Fetches one range and writes it to its place; a fault in the middle is continued where it happened. Returns the SHA-256. */
async function fetchRange({ store, archive, file, signal }: Transfer, part: Part): Promise<string> {
  const hash = createHash('sha256')
  let done = 0
  await store
    .send(
      `read ${archive.key}`,
      async (client, options) => {
        const { Body } = await client.send(
          rangeCommand(store, archive, part.from + done, part.from + part.bytes - 1),
          options,
        )
        if (!(Body instanceof Readable)) throw new Error('The store sent no stream')
        for await (const chunk of Body as AsyncIterable<Buffer>) {
          if (done + chunk.length > part.bytes)
            throw new Error(`The store sent more than the ${part.bytes} bytes asked for`)
          await writeAll(file, chunk, part.from + done)
          hash.update(chunk)
          done += chunk.length
        }
        if (done < part.bytes)
          throw Object.assign(new Error(`The store ended the answer after ${done} of ${part.bytes} bytes`), {
            code: 'ECONNRESET',
          })
      },
      { plane: 'data', signal },
    )
    .catch(error => {
      throw explainRefusal(store, archive, error)
    })
  return hash.digest('hex')
}

/** A disk that is nearly full takes less than it is given, without an error. */
async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  try {
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done)
      done += bytesWritten
    }
  } catch (error) {
    throw diskError(error) ?? error
  }
}

function rangeCommand(store: Store, archive: ArchiveObject, from: number, to: number): GetObjectCommand {
  return new GetObjectCommand({
    Bucket: store.bucket,
    Key: archive.key,
    Range: `bytes=${from}-${to}`,
    IfMatch: archive.etag,
    ...(archive.versionId === null ? {} : { VersionId: archive.versionId }),
  })
}

function explainRefusal(store: Store, archive: ArchiveObject, error: unknown): unknown {
  const uri = store.uri(archive.key)
  if (isPreconditionFailed(error) || storeErrorName(error) === 'InvalidRange') {
    return new OperatorError(
      'ARCHIVE_CORRUPT',
      `${uri} is not the object that was backed up: it was replaced afterwards.`,
      {
        hint: 'Do not restore it. Pick an older backup, and find out who replaced the object.',
        cause: error,
      },
    )
  }
  if (isNotFound(error)) {
    return new OperatorError(
      'BACKUP_NOT_FOUND',
      `The archive ${uri} is gone, though its manifest is there.`,
      {
        hint: 'Pick another backup, and find out whether a lifecycle rule or a person removed it.',
        cause: error,
      },
    )
  }
  if (storeErrorName(error) === 'InvalidObjectState') {
    return new OperatorError(
      'BACKUP_UNUSABLE',
      `${uri} lies in ${archive.storageClass} and cannot be read before it is brought back.`,
      {
        hint: `Run: ${renderThaw(store.cliObject(archive.key))} and try again when it is there.`,
        cause: error,
      },
    )
  }
  return error
}
