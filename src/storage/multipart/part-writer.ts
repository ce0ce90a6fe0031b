import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { ByteSource } from '../../core/byte-source.ts'
import { KIB } from '../../core/text/bytes.ts'
import { combineCrc32 } from './crc32-combine.ts'
import { crcBytes, type FilledPart, type PartSender, tooManyParts } from './part-sender.ts'
import type { PartPlan } from './part-size.ts'

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

/** Another upload of the same parts, for which the writer waits only as long as that allows. */
export interface Follower {
  readonly sender: PartSender
  /** Waits on account of it; when its time is up, it gives up its parts. */
  holdUp(work: Promise<void>): Promise<void>
}

/**
 * Cuts a stream into parts of one size and sends each to the first upload and its followers. Memory is
 * bounded: a fixed set of buffers is used again and again, and the source waits while all of them are in
 * flight. Only the first upload can fail the writing.
 */
export class PartWriter {
  readonly #first: PartSender
  readonly #followers: readonly Follower[]
  readonly #plan: PartPlan
  readonly #needsMd5: boolean
  #free: Buffer[] = []
  #buffers = 0
  /** Each until its buffer is free. */
  readonly #taken = new Set<Promise<void>>()
  readonly #firstIsAborted: Promise<void>
  readonly #parts: { readonly bytes: number; readonly sha256: string }[] = []
  readonly #sha256 = createHash('sha256')
  #crc32 = 0
  /** Over the checksums of the parts, as a composite checksum is. */
  #crc32OfParts = 0
  #bytes = 0

  constructor(first: PartSender, followers: readonly Follower[], plan: PartPlan) {
    this.#first = first
    this.#followers = followers
    this.#plan = plan
    this.#firstIsAborted = aborted(first.signal)
    this.#needsMd5 = [first, ...followers.map(({ sender }) => sender)].some(s => s.checksum === 'md5')
  }

  /**
   * Sends everything and waits until the first store has acknowledged it. The first part that fails for good
   * there stops the source and the other parts, and is what is thrown.
   */
  async write(source: ByteSource): Promise<SentContent> {
    const { signal } = this.#first
    const stop = () => source.stop(signal.reason)
    try {
      signal.addEventListener('abort', stop)
      signal.throwIfAborted()
      await this.#sendAll(source)
      await this.#first.finish()
    } catch (error) {
      source.stop(error)
      throw signal.aborted ? await this.#first.cause() : error
    } finally {
      signal.removeEventListener('abort', stop)
      // A gate that reads the backup back in the same process needs the memory.
      this.#free = []
    }
    return {
      bytes: this.#bytes,
      sha256: this.#sha256.digest('hex'),
      crc32: {
        full: crcBytes(this.#crc32).toString('base64'),
        composite: `${crcBytes(this.#crc32OfParts).toString('base64')}-${this.#parts.length}`,
      },
      parts: this.#parts,
    }
  }

  async #sendAll(source: ByteSource): Promise<void> {
    for (let isEnded = false; !isEnded; ) {
      const part = await this.#fillPart(source, await this.#takeBuffer())
      isEnded = part.bytes < part.buffer.length
      if (part.bytes > 0 || this.#parts.length === 0) this.#dispatch(part)
    }
  }

  /** Reads a part and hashes what came while it is in the processor's cache. */
  async #fillPart(source: ByteSource, buffer: Buffer): Promise<Omit<FilledPart, 'number'>> {
    const sha256 = createHash('sha256')
    const md5 = this.#needsMd5 ? createHash('md5') : undefined
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

  /**
   * A buffer that is not in flight. Waits for the first store as long as it takes, and for a follower as long
   * as that allows.
   */
  async #takeBuffer(): Promise<Buffer> {
    const { inFlight, partBytes } = this.#plan
    for (;;) {
      this.#first.signal.throwIfAborted()
      if (this.#first.pending > inFlight) {
        await this.#first.progress()
        continue
      }
      const buffer = this.#free.pop()
      if (buffer !== undefined) return buffer
      if (this.#buffers < inFlight + 1 + this.#plan.lag) {
        this.#buffers += 1
        return Buffer.allocUnsafeSlow(partBytes)
      }
      await this.#awaitSlowest()
    }
  }

  /** Waits until a buffer is free, or the follower that is furthest behind has got on. */
  async #awaitSlowest(): Promise<void> {
    const [slowest] = this.#followers.toSorted((a, b) => b.sender.pending - a.sender.pending)
    const released = Promise.race([...this.#taken, this.#firstIsAborted])
    if (slowest === undefined || slowest.sender.pending === 0) await released
    else await slowest.holdUp(Promise.race([released, slowest.sender.progress()]))
  }

  #dispatch(filled: Omit<FilledPart, 'number'>): void {
    const { buffer, bytes, sha256, crc } = filled
    const { maxParts, partBytes } = this.#plan
    this.#crc32 = combineCrc32(this.#crc32, crc, bytes)
    this.#crc32OfParts = crc32(crcBytes(crc), this.#crc32OfParts)
    this.#bytes += bytes
    const number = this.#parts.push({ bytes, sha256 })
    if (number > maxParts) throw tooManyParts(maxParts, partBytes)
    const followers = this.#followers.filter(({ sender }) => !sender.signal.aborted)
    const senders = [this.#first, ...followers.map(({ sender }) => sender)]
    const free = this.#free
    const taken = Promise.all(senders.map(sender => sender.send({ ...filled, number }))).then(() => {
      this.#taken.delete(taken)
      free.push(buffer)
    })
    this.#taken.add(taken)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
