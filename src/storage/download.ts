import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { abortable } from '../core/abortable.ts'
import type { Manifest } from '../core/backup/manifest.ts'
import { diskError, OperatorError } from '../core/errors.ts'
import { MIB } from '../core/text/bytes.ts'
import { awaitTasks } from './await-tasks.ts'
import { type FoundArchive, locateArchive } from './locate-archive.ts'
import { layOutParts, type PlacedPart, provePart } from './part-proof.ts'
import { type ByteRange, readRange } from './read-range.ts'
import type { Store } from './store.ts'

/**
 * Ranges fetched at the same time: AWS gives 85 to 90 MB/s a connection, others 10 (S3 performance
 * guidelines).
 */
const IN_FLIGHT = 10
/** AWS advises 8 to 16 MiB. Small ranges let a small archive use all connections. */
const RANGE_BYTES = 8 * MIB
/** Bytes that are read back at a time. */
const SLICE_BYTES = MIB

/**
 * Downloads an archive into a new file and compares every part, and then the whole, with the SHA-256 in its
 * manifest: when this returns, the file is what pg_dump wrote. Memory does not depend on its size. Throws
 * ARCHIVE_CORRUPT where bytes differ, BACKUP_UNUSABLE in cold storage, BACKUP_NOT_FOUND.
 */
export async function downloadArchive(
  store: Store,
  archive: Manifest['object'],
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const parts = layOutParts(store, archive).filter(({ bytes }) => bytes > 0)
  const found = await locateArchive(store, archive)
  await using file = await open(path, 'wx+', 0o600)
  await file.truncate(archive.bytes)
  const stop = new AbortController()
  const transfer: Transfer = { store, found, file, signal: AbortSignal.any([store.signal, stop.signal]) }
  const arrivals = parts.map(part => new Arrival(part))
  const queue = rangesOf(arrivals)
  const work = async () => {
    for (const [arrival, range] of queue) {
      await fetchRange(transfer, range)
      arrival.note(range)
    }
  }
  const tasks = [
    ...Array.from({ length: IN_FLIGHT }, work),
    verifyParts(transfer, arrivals, archive, onBytes),
  ]
  // The file must not be closed, nor removed by the caller, while others still write.
  await awaitTasks(tasks, store.signal, stop)
  if (found.isCopy) store.log.info(`${store.uri(archive.key)} is a copy, proven by its checksums.`)
}

interface Transfer {
  readonly store: Store
  readonly found: FoundArchive
  readonly file: FileHandle
  readonly signal: AbortSignal
}

/** A part on its way: its ranges come in any order. */
class Arrival {
  readonly part: PlacedPart
  readonly #whole = Promise.withResolvers<void>()
  #missing: number

  constructor(part: PlacedPart) {
    this.part = part
    this.#missing = part.bytes
  }

  note({ bytes }: ByteRange): void {
    this.#missing -= bytes
    if (this.#missing === 0) this.#whole.resolve()
  }

  get whole(): Promise<void> {
    return this.#whole.promise
  }
}

function* rangesOf(arrivals: readonly Arrival[]): Generator<readonly [Arrival, ByteRange]> {
  for (const arrival of arrivals) for (const range of cut(arrival.part)) yield [arrival, range]
}

function* cut({ from, bytes }: ByteRange): Generator<ByteRange> {
  for (let done = 0; done < bytes; done += RANGE_BYTES)
    yield { from: from + done, bytes: Math.min(RANGE_BYTES, bytes - done) }
}

/** In order, while later parts are still on their way: so both hashes are ready when the last part is. */
async function verifyParts(
  transfer: Transfer,
  arrivals: readonly Arrival[],
  archive: Manifest['object'],
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { store, file, signal } = transfer
  let whole = createHash('sha256')
  for (const { part, whole: arrived } of arrivals) {
    await abortable(signal, arrived)
    let next = whole
    await provePart(store, archive.key, part, {
      hash: async () => {
        next = whole.copy()
        return await hashFile(file, part, next, signal)
      },
      fetch: async () => {
        for (const range of cut(part)) await fetchRange(transfer, range)
      },
    })
    whole = next
    onBytes(part.bytes)
  }
  const found = whole.digest('hex')
  if (found === archive.sha256) return
  throw new OperatorError(
    'ARCHIVE_CORRUPT',
    `SHA-256 mismatch for ${store.uri(archive.key)}: got ${found}, its manifest has ${archive.sha256}. All parts match.`,
    { hint: 'Do not restore it. Pick an older backup, and find out who or what changed the manifest.' },
  )
}

/** The SHA-256 of a part of the file; `whole` takes the same bytes. */
async function hashFile(
  file: FileHandle,
  { from, bytes }: ByteRange,
  whole: Hash,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(Math.min(SLICE_BYTES, bytes))
  for (let done = 0; done < bytes; ) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytes - done), from + done)
    if (bytesRead === 0) throw new Error('The downloaded file was cut short')
    const slice = buffer.subarray(0, bytesRead)
    hash.update(slice)
    whole.update(slice)
    done += bytesRead
  }
  return hash.digest('hex')
}

async function fetchRange({ store, found, file, signal }: Transfer, range: ByteRange): Promise<void> {
  await readRange(store, found, range, (chunk, at) => writeAll(file, chunk, range.from + at), signal)
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
