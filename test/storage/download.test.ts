import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { startSwift } from '../../lab/swift.ts'
import { OperatorError } from '../../src/core/errors.ts'
import { KIB, MIB } from '../../src/core/text/bytes.ts'
import { createBucket } from '../support/bucket.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'
import { download, flipped, KEY, PART, put, WHOLE } from '../support/storage/archives.ts'
import { MeddlingProxy } from '../support/storage/meddling-proxy.ts'
import { openStore, sha256 } from '../support/storage/test-store.ts'

const lab = theLab()
const swift = { ...lab, s3: await startSwift() }

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
    ['one bit differs', flipped(WHOLE, 3 * MIB + 5), /between byte 3145728 and 3670015 differs/],
    ['it was cut short', WHOLE.subarray(0, -1), /has 4194304 bytes. Expected 4194305/],
    ['it grew', Buffer.concat([WHOLE, Buffer.from('x')]), /has 4194306 bytes. Expected 4194305/],
  ])('refuses an object that was replaced: %s', async (_, other, message) => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const archive = await put(bucket)
    await put(bucket, other)
    await expect(download(test.store, archive)).rejects.toMatchObject({
      code: 'ARCHIVE_CORRUPT',
      message: expect.stringMatching(message),
    })
  })

  it.each([
    ['one bit differs', flipped(WHOLE, 3 * MIB + 5), /between byte 3145728 and 3670015/],
    ['it is shorter than its manifest', WHOLE.subarray(0, -1), /has 4194304 bytes. Expected 4194305/],
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
  it('reads a part again that arrived damaged twice, differently', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    for (const flipReceivedAt of [7, 70])
      proxy.meddle({ method: 'GET', path: /1\.dump/, range: /^bytes=524288-/, flipReceivedAt })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    expect(await download(test.store, await put(bucket))).toEqual(isWhole)
    expect(test.lines.filter(line => line.includes('arrived damaged'))).toHaveLength(2)
  })

  it('blames the network where each of five reads differs', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    for (const flipReceivedAt of [7, 70, 700, 7000, 70_000])
      proxy.meddle({ method: 'GET', path: /1\.dump/, range: /^bytes=524288-/, flipReceivedAt })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    await expect(download(test.store, await put(bucket))).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  it('fetches a part again whose bytes changed on the way', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'GET', path: /1\.dump/, flipReceivedAt: 0 })
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
    // What had arrived and was not read yet when the line broke is lost with it: no more than a stream's
    // buffer.
    const total = received.reduce((sum, bytes) => sum + bytes, 0)
    expect(total).toBeGreaterThanOrEqual(WHOLE.length)
    expect(total).toBeLessThan(WHOLE.length + 3 * 2 * 64 * KIB)
    // Which part met the first cut is chance; that part goes on at its third byte.
    const starts = proxy.seen.map(({ range }) => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1]))
    expect(starts.filter(start => start % PART === 2)).toHaveLength(1)
  })

  it('outlasts a store that is away for 5 s', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
    const archive = await put(bucket)
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    proxy.delayMs = 20
    const downloading = download(test.store, archive)
    await until(() => proxy.bytesDown > MIB)
    proxy.refuse()
    await sleep(5000)
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

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5)
}
