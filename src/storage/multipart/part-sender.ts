import { type CompletedPart, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { OperatorError } from '../../core/errors.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { causeOf } from '../await-tasks.ts'
import type { Store } from '../store.ts'
import { storeErrorName } from '../store-error.ts'
import type { KnownUpload } from './abort-upload.ts'
import { FEWEST_PARTS } from './part-size.ts'
import { signPayload } from './sign-payload.ts'

/** A part that waits to be sent. */
export interface FilledPart {
  /** From 1. */
  readonly number: number
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

/** Sends the parts of one upload side by side. The first that fails for good ends the others. */
export class PartSender {
  /** Bytes that the store has acknowledged. */
  acknowledgedBytes = 0
  readonly checksum: PartChecksum
  /** Aborted when the job ends, or a part failed for good. */
  readonly signal: AbortSignal
  readonly #store: Store
  readonly #open: KnownUpload
  readonly #stop = new AbortController()
  readonly #inFlight = new Set<Promise<void>>()
  /** The part before, until it is acknowledged or has failed. */
  #before: Promise<void> = Promise.resolve()
  readonly #completed: CompletedPart[] = []
  readonly #failures: unknown[] = []

  constructor(store: Store, open: KnownUpload, checksum: PartChecksum) {
    this.#store = store
    this.#open = open
    this.checksum = checksum
    this.signal = AbortSignal.any([store.signal, this.#stop.signal])
  }

  /** Parts that are neither acknowledged nor given up. */
  get pending(): number {
    return this.#inFlight.size
  }

  /** Begins to send a part. Resolves, also after a failure, when nothing reads its buffer any more. */
  send(part: FilledPart): Promise<void> {
    const sending = this.#send(part, this.#before)
      .then(completed => {
        this.#completed.push(completed)
        this.acknowledgedBytes += part.bytes
      })
      .catch(error => {
        this.#failures.push(error)
        this.#stop.abort(error)
      })
      .finally(() => this.#inFlight.delete(sending))
    this.#inFlight.add(sending)
    this.#before = sending
    return sending
  }

  /** Resolves at the next part that is acknowledged or given up. */
  async progress(): Promise<void> {
    await Promise.race(this.#inFlight)
  }

  /** Waits until every part is acknowledged. Throws why one is not. */
  async finish(): Promise<void> {
    await Promise.all(this.#inFlight)
    if (this.signal.aborted) throw await this.cause()
  }

  /** Why the signal is aborted: a part that was waiting for the store knows more than the signal. */
  async cause(): Promise<unknown> {
    await Promise.all(this.#inFlight)
    return this.#failures.length === 0 ? this.signal.reason : causeOf(this.#failures, this.#store.signal)
  }

  /** Gives up: ends the parts in flight and waits for them. */
  async stop(): Promise<void> {
    this.#stop.abort(new OperatorError('CANCELLED', 'The upload was given up.'))
    await Promise.all(this.#inFlight)
  }

  /** What CompleteMultipartUpload takes. */
  completedParts(): CompletedPart[] {
    return this.#completed.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
  }

  async #send(part: FilledPart, before: Promise<void>): Promise<CompletedPart> {
    const { number, buffer, bytes, sha256, crc, md5 } = part
    const isCrc = this.checksum === 'crc32'
    const checksum = isCrc ? { ChecksumCRC32: crcBytes(crc).toString('base64') } : {}
    const { key, uploadId } = this.#open
    const request = {
      Bucket: this.#store.bucket,
      Key: key,
      UploadId: uploadId,
      PartNumber: number,
      Body: buffer.subarray(0, bytes),
      ...checksum,
      ContentMD5: isCrc ? undefined : md5,
    }
    const send = async (client: S3Client, options: { readonly abortSignal: AbortSignal }) => {
      const command = new UploadPartCommand(request)
      signPayload(command, sha256)
      const { ETag } = await client.send(command, options)
      if (ETag === undefined) throw new Error(`The store gave part ${number} no ETag`)
      return { PartNumber: number, ETag, ...checksum }
    }
    try {
      return await this.#store.send(`send part ${number} of ${key}`, send, {
        plane: 'data',
        signal: this.signal,
      })
    } catch (error) {
      if (number <= FEWEST_PARTS || storeErrorName(error) !== 'InvalidArgument') throw error
      // All parts beyond the limit are refused, in any order: the first of them tells what it is.
      await before
      throw tooManyParts(number - 1, buffer.length, error)
    }
  }
}

export function tooManyParts(parts: number, partBytes: number, cause?: unknown): OperatorError {
  return new OperatorError(
    'UPLOAD_TOO_LARGE',
    `The archive is larger than ${parts} parts of ${renderBytes(partBytes)}, the most that this store takes in one upload.`,
    { hint: 'Compress more, or dump in portions with tables and exclude-tables.', cause },
  )
}

/** As S3 writes a CRC32, before base64. */
export function crcBytes(crc: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return bytes
}
