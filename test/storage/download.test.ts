import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { startSwift } from '../../lab/swift.ts'
import type { Manifest } from '../../src/core/backup/manifest.ts'
import { OperatorError } from '../../src/core/errors.ts'
import { KIB, MIB } from '../../src/core/text/bytes.ts'
import { downloadArchive } from '../../src/storage/download.ts'
import type { Store } from '../../src/storage/store.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'
import { MeddlingProxy } from '../support/storage/meddling-proxy.ts'
import { openStore, sha256, testBytes } from '../support/storage/test-store.ts'

const lab = theLab()
const swift = { ...lab, s3: await startSwift() }
const KEY = 'archives/db/1.dump'
const PART = 512 * KIB
const WHOLE = testBytes(4 * MIB + 1)
type Archive = Manifest['object']

/** Puts an object there and describes it as its manifest would. */
async function put({ client, name }: TestBucket, content = WHOLE): Promise<Archive> {
  const { ETag = '', VersionId = null } = await client.send(
    new PutObjectCommand({ Bucket: name, Key: KEY, Body: content }),
  )
  const parts = []
  for (let from = 0; from < content.length; from += PART) {
    const part = content.subarray(from, from + PART)
    parts.push({ bytes: part.length, sha256: sha256(part) })
  }
  return {
    bucket: name,
    key: KEY,
    versionId: VersionId,
    etag: ETag,
    bytes: content.length,
    sha256: sha256(content),
    parts,
    checksum: null,
    storageClass: 'STANDARD',
  }
}

/** Downloads into a directory of its own and returns the file's content and the bytes that were reported. */
async function download(store: Store, archive: Archive): Promise<{ sha256: string; reported: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  let reported = 0
  try {
    const path = join(directory, 'archive')
    await downloadArchive(store, archive, path, bytes => {
      reported += bytes
    })
    return { sha256: sha256(await readFile(path)), reported }
  } finally {
    await rm(directory, { recursive: true })
  }
}

const isWhole = { sha256: sha256(WHOLE), reported: WHOLE.length }

describe('a download', () => {
  it.each([
    ['Ceph', lab],
    ['Swift', swift],
  ])('from %s is what was stored', async (_, { s3 }) => {
    await using bucket = await createBucket({ ...lab, s3 })
    using test = openStore(s3, bucket.name)
    expect(await download(test.store, await put(bucket))).toEqual(isWhole)
  })

  it('of an empty archive is an empty file', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const archive = await put(bucket, Buffer.alloc(0))
    const empty = { ...archive, parts: [{ bytes: 0, sha256: archive.sha256 }] }
    expect(await download(test.store, empty)).toEqual({ sha256: archive.sha256, reported: 0 })
  })

  it('takes the version of the manifest, whatever came after', async () => {
    await using bucket = await createBucket(lab)
    const { client, name: Bucket } = bucket
    const VersioningConfiguration = { Status: 'Enabled' } as const
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
    using test = openStore(lab.s3, Bucket)
    const archive = await put(bucket)
    expect(archive.versionId).not.toBeNull()
    await client.send(new PutObjectCommand({ Bucket, Key: KEY, Body: 'another' }))
    await client.send(new DeleteObjectCommand({ Bucket, Key: KEY }))
    expect(await download(test.store, archive)).toEqual(isWhole)
  })

  it.each([
    ['one bit differs', flipped(WHOLE, 3 * MIB + 5)],
    ['it was cut short', WHOLE.subarray(0, -1)],
    ['it grew', Buffer.concat([WHOLE, Buffer.from('x')])],
  ])('refuses an object that was replaced: %s', async (_, other) => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const archive = await put(bucket)
    await put(bucket, other)
    await expect(download(test.store, archive)).rejects.toMatchObject({
      code: 'ARCHIVE_CORRUPT',
      message: expect.stringContaining('replaced'),
    })
  })

  it.each([
    ['one bit differs', flipped(WHOLE, 3 * MIB + 5), /between byte 3145728 and 3670015/],
    ['it is shorter than its manifest', WHOLE.subarray(0, -1), /is not the object|replaced/],
  ])(
    'finds what an ETag does not tell: %s',
    async (_, other, message) => {
      await using bucket = await createBucket(lab)
      using test = openStore(lab.s3, bucket.name)
      const { etag } = await put(bucket, other)
      const archive = { ...(await put(bucket)), etag }
      await put(bucket, other)
      await expect(download(test.store, archive)).rejects.toMatchObject({
        code: 'ARCHIVE_CORRUPT',
        message: expect.stringMatching(message),
      })
    },
    20_000,
  )

  it('says that the archive is gone', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const archive = await put(bucket)
    await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: KEY }))
    await expect(download(test.store, archive)).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' })
  })

  it('refuses a manifest whose parts are not the whole', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const archive = await put(bucket)
    const damaged = { ...archive, parts: archive.parts.slice(1) }
    await expect(download(test.store, damaged)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
  })
})

describe('a download over a bad line', () => {
  it('fetches a part again whose bytes changed on the way', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'GET', path: /1\.dump/, flipReceived: true })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    expect(await download(test.store, await put(bucket))).toEqual(isWhole)
  })

  it('goes on in the middle of a part after a reset, and fetches no byte twice', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    for (const cutAnswerAfter of [2, 100_000, 300_001])
      proxy.meddle({ method: 'GET', path: /1\.dump/, cutAnswerAfter })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    expect(await download(test.store, await put(bucket))).toEqual(isWhole)

    const received = proxy.seen.map(request => request.received)
    expect(received.filter(bytes => [2, 100_000, 300_001].includes(bytes))).toHaveLength(3)
    // What had arrived and was not read yet when the line broke is lost with it: no more than a stream's buffer.
    const total = received.reduce((sum, bytes) => sum + bytes, 0)
    expect(total).toBeGreaterThanOrEqual(WHOLE.length)
    expect(total).toBeLessThan(WHOLE.length + 3 * 2 * 64 * KIB)
    // Which part met the first cut is chance; whichever it was goes on at its third byte.
    const starts = proxy.seen.map(({ range }) => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1]))
    expect(starts.filter(start => start % PART === 2)).toHaveLength(1)
  })

  it('outlasts a store that is away for 30 s', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
    const archive = await put(bucket)
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    proxy.delayMs = 20
    const downloading = download(test.store, archive)
    await until(() => proxy.bytesDown > MIB)
    proxy.refuse()
    await sleep(30_000)
    proxy.resume()
    expect(await downloading).toEqual(isWhole)
    expect(test.lines.join('\n')).toContain('trying again')
  }, 60_000)

  it('ends at once when the job is cancelled', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
    const archive = await put(bucket)
    const job = new AbortController()
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, signal: job.signal })
    proxy.delayMs = 20
    const downloading = download(test.store, archive)
    await until(() => proxy.bytesDown > MIB)
    proxy.blackhole()
    const reason = new OperatorError('CANCELLED', 'The job was cancelled.')
    const startedAt = performance.now()
    job.abort(reason)
    await expect(downloading).rejects.toBe(reason)
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })
})

function flipped(buffer: Buffer, at: number): Buffer {
  const copy = Buffer.from(buffer)
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
  return copy
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5)
}
