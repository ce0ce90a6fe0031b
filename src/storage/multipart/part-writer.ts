import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type CompletedPart, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import type { ByteSource } from '../../core/byte-source.ts'
import { OperatorError } from '../../core/errors.ts'
import { KIB, renderBytes } from '../../core/text/bytes.ts'
import type { Store } from '../store.ts'
import { storeErrorName } from '../store-error.ts'
import type { KnownUpload } from './abort-upload.ts'
import { combineCrc32 } from './crc32-combine.ts'
import { FEWEST_PARTS, type PartPlan } from './part-size.ts'
import { signPayload } from './sign-payload.ts'

/**
 * Bytes that are hashed at a time. Meanwhile pg_dump is not read, and its pipe holds little.
 */
const SLICE_BYTES = 128 * KIB

/** What was sent, in order. */
export interface SentContent {
  readonly bytes: number
  readonly sha256: string
  /** As S3 writes them: over the bytes, and over the CRC32s of the parts. */
  readonly crc32: { readonly full: string; readonly composite: string }
  readonly parts: ReadonlyArray<{ readonly bytes: number; readonly sha256: string }>
}

/** A part that waits to be sent. */
interface FilledPart {
  readonly buffer: Buffer
  /** How much of the buffer it takes. */
  readonly bytes: number
  readonly sha256: string
  readonly crc: number
  /** Base64; undefined where the CRC32 serves. */
  readonly md5: string | undefined
}

/**
 * What the store is given beside the signed SHA-256. A bucket that locks its objects refuses a part that has
 * neither, and MD5, which takes more time, is the one that every store knows.
 */
type PartChecksum = 'crc32' | 'md5'

/**
 * Cuts a stream into parts of one size and sends them side by side. Memory is bounded: a fixed set of buffers
 * is used again and again, and the source waits while all of them are in flight.
 */
export class PartWriter {
  /** Bytes that the store has acknowledged. */
  acknowledgedBytes = 0
  readonly #store: Store
  readonly #open: KnownUpload
  readonly #plan: PartPlan
  readonly #checksum: PartChecksum
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #free: Buffer[] = []
  #buffers = 0
  readonly #inFlight = new Set<Promise<void>>()
  /** The part before, until it is acknowledged or has failed. */
  #before: Promise<void> = Promise.resolve()
  readonly #completed: CompletedPart[] = []
  readonly #parts: { readonly bytes: number; readonly sha256: string }[] = []
  readonly #sha256 = createHash('sha256')
  #crc32 = 0
  /** Over the checksums of the parts, as a composite checksum is. */
  #crc32OfParts = 0
  #bytes = 0

  constructor(store: Store, open: KnownUpload, plan: PartPlan, checksum: PartChecksum) {
    this.#store = store
    this.#open = open
    this.#plan = plan
    this.#checksum = checksum
    this.#signal = AbortSignal.any([store.signal, this.#stop.signal])
  }

  /**
   * Sends everything. The first part that fails for good stops the source and the other parts, and is what is
   * thrown.
   */
  async write(source: ByteSource): Promise<SentContent> {
    const stop = () => source.stop(this.#signal.reason)
    try {
      this.#signal.addEventListener('abort', stop)
      this.#signal.throwIfAborted()
      await this.#sendAll(source)
      await Promise.all(this.#inFlight)
      this.#signal.throwIfAborted()
      // A gate that reads the backup back in the same process needs the memory.
      this.#free.length = 0
    } catch (error) {
      source.stop(error)
      throw this.#signal.aborted ? this.#signal.reason : error
    } finally {
      this.#signal.removeEventListener('abort', stop)
    }
    return {
      bytes: this.#bytes,
      sha256: this.#sha256.digest('hex'),
      crc32: {
        full: crcText(this.#crc32),
        composite: `${crcText(this.#crc32OfParts)}-${this.#parts.length}`,
      },
      parts: this.#parts,
    }
  }

  /** What CompleteMultipartUpload takes. */
  completedParts(): CompletedPart[] {
    return this.#completed.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
  }

  /** Gives up: ends the parts in flight and waits for them. */
  async stop(): Promise<void> {
    this.#stop.abort(new OperatorError('CANCELLED', 'The upload was given up.'))
    await Promise.all(this.#inFlight)
  }

  async #sendAll(source: ByteSource): Promise<void> {
    for (let isEnded = false; !isEnded; ) {
      const part = await this.#fillPart(source, await this.#takeBuffer())
      isEnded = part.bytes < part.buffer.length
      if (part.bytes > 0 || this.#parts.length === 0) this.#dispatch(part)
    }
  }

  /** Reads a part and hashes what came while it is in the processor's cache. */
  async #fillPart(source: ByteSource, buffer: Buffer): Promise<FilledPart> {
    const sha256 = createHash('sha256')
    const md5 = this.#checksum === 'md5' ? createHash('md5') : undefined
    let crc = 0
    let bytes = 0
    for (let isEnded = false; bytes < buffer.length && !isEnded; ) {
      const slice = buffer.subarray(bytes, bytes + SLICE_BYTES)
      const filled = slice.subarray(0, await source.fill(slice))
      sha256.update(filled)
      this.#sha256.update(filled)
      crc = crc32(filled, crc)
      md5?.update(filled)
      bytes += filled.length
      isEnded = filled.length < slice.length
    }
    return { buffer, bytes, sha256: sha256.digest('hex'), crc, md5: md5?.digest('base64') }
  }

  /** A buffer that is not in flight; waits for one when all are. */
  async #takeBuffer(): Promise<Buffer> {
    this.#signal.throwIfAborted()
    while (this.#free.length === 0 && this.#buffers > this.#plan.inFlight) {
      await Promise.race(this.#inFlight)
      // A failed part never returns its buffer and ends the others; without this check we would wait forever.
      this.#signal.throwIfAborted()
    }
    const buffer = this.#free.pop()
    if (buffer !== undefined) return buffer
    this.#buffers += 1
    return Buffer.allocUnsafeSlow(this.#plan.partBytes)
  }

  #dispatch(part: FilledPart): void {
    const { buffer, bytes, sha256, crc } = part
    this.#crc32 = combineCrc32(this.#crc32, crc, bytes)
    this.#crc32OfParts = crc32(crcBytes(crc), this.#crc32OfParts)
    this.#bytes += bytes
    const partNumber = this.#parts.push({ bytes, sha256 })
    if (partNumber > this.#plan.maxParts) throw this.#tooLarge(this.#plan.maxParts)
    const sending = this.#send(partNumber, part, this.#before)
      .then(completed => {
        this.#completed.push(completed)
        this.acknowledgedBytes += bytes
        this.#free.push(buffer)
      })
      .catch(error => this.#stop.abort(error))
      .finally(() => this.#inFlight.delete(sending))
    this.#inFlight.add(sending)
    this.#before = sending
  }

  async #send(
    partNumber: number,
    { buffer, bytes, sha256, crc, md5 }: FilledPart,
    before: Promise<void>,
  ): Promise<CompletedPart> {
    const checksum = md5 === undefined ? { ChecksumCRC32: crcText(crc) } : {}
    const { key, uploadId } = this.#open
    const request = {
      Bucket: this.#store.bucket,
      Key: key,
      UploadId: uploadId,
      PartNumber: partNumber,
      Body: buffer.subarray(0, bytes),
      ...checksum,
      ContentMD5: md5,
    }
    const send = async (client: S3Client, options: { readonly abortSignal: AbortSignal }) => {
      const command = new UploadPartCommand(request)
      signPayload(command, sha256)
      const { ETag } = await client.send(command, options)
      if (ETag === undefined) throw new Error(`The store gave part ${partNumber} no ETag`)
      return { PartNumber: partNumber, ETag, ...checksum }
    }
    try {
      return await this.#store.send(`send part ${partNumber} of ${key}`, send, {
        plane: 'data',
        signal: this.#signal,
      })
    } catch (error) {
      if (partNumber <= FEWEST_PARTS || storeErrorName(error) !== 'InvalidArgument') throw error
      // All parts beyond the limit are refused, in any order: the first of them tells what it is.
      await before
      throw this.#tooLarge(partNumber - 1, error)
    }
  }

  #tooLarge(parts: number, cause?: unknown): OperatorError {
    return new OperatorError(
      'UPLOAD_TOO_LARGE',
      `The archive is larger than ${parts} parts of ${renderBytes(this.#plan.partBytes)}, the most that this store takes in one upload.`,
      { hint: 'Compress more, or dump in portions with tables and exclude-tables.', cause },
    )
  }
}

function crcText(crc: number): string {
  return crcBytes(crc).toString('base64')
}

function crcBytes(crc: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return bytes
}
