import type { Readable } from 'node:stream'
import type { ByteSource } from '../../src/core/byte-source.ts'

/** A stream as the source of an upload, for tests that make their bytes themselves. */
export function fromReadable(readable: Readable): ByteSource {
  const chunks: AsyncIterator<Buffer> = readable[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  return {
    fill: async into => {
      let used = 0
      while (used < into.length) {
        if (rest.length === 0) {
          const { value, done } = await chunks.next()
          if (done === true) break
          rest = value
        }
        const taken = rest.subarray(0, into.length - used)
        into.set(taken, used)
        used += taken.length
        rest = rest.subarray(taken.length)
      }
      return used
    },
    stop: reason => {
      readable.destroy(reason instanceof Error ? reason : new Error(String(reason)))
    },
  }
}

/** Everything that a source still has. */
export async function readAll(source: ByteSource): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (;;) {
    const piece = Buffer.alloc(1 << 20)
    const used = await source.fill(piece)
    pieces.push(piece.subarray(0, used))
    if (used < piece.length) return Buffer.concat(pieces)
  }
}
