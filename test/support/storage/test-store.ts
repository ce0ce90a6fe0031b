import { createHash } from 'node:crypto'
import process from 'node:process'
import { Readable } from 'node:stream'
import type { Keys } from '../../../lab/ceph.ts'
import type { LabS3 } from '../../../lab/lab.ts'
import type { Log } from '../../../src/core/log.ts'
import type { StoreConfig } from '../../../src/storage/client.ts'
import { Store } from '../../../src/storage/store.ts'

/** A Store on a real bucket, and what it logged. */
export interface TestStore extends Disposable {
  readonly store: Store
  readonly lines: readonly string[]
}

export interface TestStoreOptions {
  /** A proxy in front of the store. */
  readonly endpoint?: string
  readonly signal?: AbortSignal
  readonly keys?: Keys
  readonly config?: Partial<StoreConfig>
}

/** Credentials go by the environment, as in a job. */
export function openStore(
  s3: LabS3,
  bucket: string,
  { endpoint = s3.endpoint, signal = new AbortController().signal, keys = s3, config }: TestStoreOptions = {},
): TestStore {
  process.env.AWS_ACCESS_KEY_ID = keys.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = keys.secretAccessKey
  const lines: string[] = []
  const store = new Store({ bucket, endpoint, region: s3.region, ...config }, listLog(lines), signal)
  return { store, lines, [Symbol.dispose]: () => store.close() }
}

function listLog(lines: string[]): Log {
  const add = (text: string) => void lines.push(text)
  return { info: add, debug: add, warning: add, group: (_, work) => work() }
}

/** Bytes that repeat nowhere in one part, cheap to make again. */
export function testBytes(bytes: number, seed = 1): Buffer {
  const buffer = Buffer.alloc(bytes)
  let state = seed
  for (let i = 0; i + 4 <= bytes; i += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    buffer.writeInt32LE(state, i)
  }
  return buffer
}

/** A stream that comes in pieces whose ends meet no boundary of a part. */
export function inPieces(buffer: Buffer, pieceBytes = 1_000_003): Readable {
  return Readable.from(pieces(buffer, pieceBytes), { objectMode: false })
}

function* pieces(buffer: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < buffer.length; from += size) yield buffer.subarray(from, from + size)
}

export function sha256(buffer: Buffer): string {
  return createHash('sha256').update(buffer).digest('hex')
}
