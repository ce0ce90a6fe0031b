import { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import { explainRefusal, type FoundArchive } from './locate-archive.ts'
import type { Store } from './store.ts'

export interface ByteRange {
  readonly from: number
  readonly bytes: number
}

/**
 * Reads a range of an archive, pinned to its ETag and version. A fault in the middle is continued where it
 * happened: every byte is given once, in order, with its place in the range.
 */
export async function readRange(
  store: Store,
  found: FoundArchive,
  { from, bytes }: ByteRange,
  onChunk: (chunk: Buffer, at: number) => Promise<void> | void,
  signal: AbortSignal,
): Promise<void> {
  let done = 0
  const read = async (...[client, options]: Parameters<Parameters<Store['send']>[1]>) => {
    const { Body } = await client.send(
      new GetObjectCommand({
        Bucket: store.bucket,
        Key: found.key,
        Range: `bytes=${from + done}-${from + bytes - 1}`,
        IfMatch: found.etag,
        ...(found.versionId === null ? {} : { VersionId: found.versionId }),
      }),
      options,
    )
    if (!(Body instanceof Readable)) throw new Error('The store sent no stream')
    for await (const chunk of Body as AsyncIterable<Buffer>) {
      if (done + chunk.length > bytes)
        throw new Error(`The store sent more than the ${bytes} bytes asked for`)
      await onChunk(chunk, done)
      done += chunk.length
    }
    if (done < bytes) throw cutShort(done, bytes)
  }
  await store.send(`read ${found.key}`, read, { plane: 'data', signal }).catch(error => {
    throw explainRefusal(store, found, error)
  })
}

function cutShort(done: number, bytes: number): Error {
  const error = new Error(`The store ended the answer after ${done} of ${bytes} bytes`)
  return Object.assign(error, { code: 'ECONNRESET' })
}
