import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { OperatorError } from '../core/errors.ts'
import { MIB, renderBytes } from '../core/text/bytes.ts'
import type { SendOptions, StoreConnection } from './connection.ts'

/** Far above the manifest of a database with 100,000 tables, far below what a string can hold. */
const MAX_BYTES = 256 * MIB
/** Reads until two agree, or one proves itself. */
const ATTEMPTS = 5

/**
 * The text of a small object, proven: by the SHA-256 in its metadata, by an ETag that is its MD5, or by a
 * second read that gives the same bytes. Throws STORE_CORRUPT where the object is too long, is not UTF-8, or
 * is not what was written.
 */
export async function readText(store: StoreConnection, key: string, how: SendOptions): Promise<string> {
  const seen = new Set<string>()
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { body, answer } = await store.send(
      `read ${key}`,
      async (client, options) => {
        const answer = await client.send(new GetObjectCommand({ Bucket: store.bucket, Key: key }), options)
        return { answer, body: await readBody(store.uri(key), answer) }
      },
      how,
    )
    const sha256 = createHash('sha256').update(body).digest('hex')
    const noted = answer.Metadata?.sha256
    if (noted === sha256 || (noted === undefined && isMd5(answer.ETag, body)))
      return toText(store.uri(key), body)
    if (seen.has(sha256)) {
      if (noted === undefined) return toText(store.uri(key), body)
      throw new OperatorError(
        'STORE_CORRUPT',
        `${store.uri(key)} is damaged: SHA-256 ${sha256}. Expected ${noted}, as its metadata says.`,
        { hint: 'Pick another backup, and find out who or what changed the object.' },
      )
    }
    seen.add(sha256)
  }
  throw new OperatorError(
    'STORE_FAILED',
    `${store.uri(key)} arrives damaged, with other bytes at each of ${ATTEMPTS} reads.`,
    { hint: 'Check the network and the proxy between this machine and the store.' },
  )
}

/** One text for one sequence of bytes: other bytes would all become the same replacement character. */
function toText(uri: string, body: Buffer): string {
  if (isUtf8(body)) return body.toString()
  throw new OperatorError('STORE_CORRUPT', `${uri} is not UTF-8 text. Expected JSON in UTF-8.`, {
    hint: NOT_OURS,
  })
}

const NOT_OURS =
  'It is no manifest or record of pg-runbook. Pick another backup, and find out who put it there.'

/**
 * Refused by its length before a byte is read; a store that names none, or a wrong one, is read up to the
 * limit.
 */
async function readBody(uri: string, { Body, ContentLength = 0 }: GetObjectCommandOutput): Promise<Buffer> {
  const stream = Body as (AsyncIterable<Buffer> & { destroy(): void }) | undefined
  if (stream === undefined) return Buffer.alloc(0)
  const chunks: Buffer[] = []
  let bytes = ContentLength
  try {
    if (bytes > MAX_BYTES) throw tooLong(uri, bytes)
    bytes = 0
    for await (const chunk of stream) {
      bytes += chunk.length
      if (bytes > MAX_BYTES) throw tooLong(uri, bytes)
      chunks.push(chunk)
    }
  } finally {
    stream.destroy()
  }
  if (bytes < ContentLength)
    throw Object.assign(new Error(`The store ended the answer after ${bytes} of ${ContentLength} bytes`), {
      code: 'ECONNRESET',
    })
  return Buffer.concat(chunks)
}

function tooLong(uri: string, bytes: number): OperatorError {
  const length = `${uri} has ${renderBytes(bytes)} or more`
  return new OperatorError('STORE_CORRUPT', `${length}. Expected at most ${renderBytes(MAX_BYTES)}.`, {
    hint: NOT_OURS,
  })
}

/** An ETag that differs says nothing: with a key service, and in several stores, it is no MD5. */
function isMd5(etag: string | undefined, body: Buffer): boolean {
  return etag?.replaceAll('"', '') === createHash('md5').update(body).digest('hex')
}
