import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { startSwift } from '../../../lab/swift.ts'
import { OperatorError } from '../../../src/core/errors.ts'
import { MIB } from '../../../src/core/text/bytes.ts'
import { PartWriter } from '../../../src/storage/multipart/part-writer.ts'
import { beginUpload } from '../../../src/storage/multipart/upload.ts'
import { createBucket } from '../../support/bucket.ts'
import { fromReadable } from '../../support/byte-source.ts'
import { theLab } from '../../support/lab.ts'
import { LOCKED_BUCKET, MeddlingProxy, s3Error } from '../../support/storage/meddling-proxy.ts'
import { inPieces, openStore, sha256 } from '../../support/storage/test-store.ts'
import {
  expectNothing,
  KEY,
  PART,
  requestOf,
  TWO_PARTS,
  uploadAll,
  WHOLE,
} from '../../support/storage/uploads.ts'

const lab = theLab()
const swift = { ...lab, s3: await startSwift() }

const BOUNDARIES = [
  ['nothing', 0, [0]],
  ['two parts and a byte', 2 * PART + 1, [PART, PART, 1]],
  ['one byte', 1, [1]],
  ['a byte less than a part', PART - 1, [PART - 1]],
  ['exactly one part', PART, [PART]],
  ['exactly two parts', 2 * PART, [PART, PART]],
] as const

describe.each([
  ['Ceph', lab, 'auto', BOUNDARIES],
  ['Ceph', lab, 'basic', BOUNDARIES.slice(0, 2)],
  ['Swift', swift, 'auto', BOUNDARIES.slice(0, 3)],
] as const)('an upload to %s, mode $2', (_, { s3 }, mode, boundaries) => {
  it.each(boundaries)('holds %s', async (_, bytes, parts) => {
    await using bucket = await createBucket({ ...lab, s3 })
    using test = openStore(s3, bucket.name)
    const sent = WHOLE.subarray(0, bytes)

    const { content, stored, acknowledged } = await uploadAll(test.store, inPieces(sent), mode)

    const cut = parts.map((length, i) => sent.subarray(i * PART, i * PART + length))
    expect(content.parts).toEqual(cut.map(part => ({ bytes: part.length, sha256: sha256(part) })))
    expect({ bytes: content.bytes, sha256: content.sha256 }).toEqual({ bytes, sha256: sha256(sent) })
    expect(Buffer.from(content.crc32.full, 'base64').readUInt32BE()).toBe(crc32(sent))
    expect(stored.bytes).toBe(bytes)
    expect(acknowledged).toBe(bytes)
    expect((await bucket.read(KEY)).equals(sent)).toBe(true)
    expect(await bucket.listMultipartUploads()).toEqual([])
    const hasChecksum = mode === 'auto' && s3 === lab.s3
    expect(stored.checksum === null).toBe(!hasChecksum)
    expect(test.lines.join('\n').includes('no checksum over whole objects')).toBe(s3 !== lab.s3)
  })
})

describe('an upload', () => {
  it.each([
    ['InsufficientCapacity', 507],
    ['XMinioStorageFull', 507],
    ['QuotaExceeded', 403],
  ])('does not wait for room in a store that is full: %s', async (name, status) => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ path: /partNumber=2/, times: 99, answer: { status, body: s3Error(name) } })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    await expect(uploadAll(test.store, inPieces(WHOLE))).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining(name),
      hint: expect.stringMatching(/^The store is full/),
    })
    expect(test.lines).toEqual([])
    await expectNothing(bucket)
  })

  it('names the error that it waits out, and not only its text', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ path: /partNumber=1/, times: 4, answer: { status: 503, body: s3Error('SlowDown') } })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    await uploadAll(test.store, inPieces(TWO_PARTS))
    expect(test.lines.join('\n')).toMatch(/send part 1 of .*: SlowDown\b.*; trying again in \d/)
  })

  it('stops the source at the first part that fails for good, and leaves nothing', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({
      path: /partNumber=2&/,
      times: 1000,
      answer: { status: 403, body: s3Error('AccessDenied') },
    })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    const source = Readable.from(endless())
    const upload = await beginUpload(test.store, requestOf('auto'))

    await expect(upload.write(fromReadable(source))).rejects.toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringContaining(`send part 2 of ${KEY}`),
    })

    expect(source.destroyed).toBe(true)
    await upload[Symbol.asyncDispose]()
    await expectNothing(bucket)
  }, 20_000)

  it('says what it was waiting for when its time is up', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ path: /partNumber=/, times: 1000, answer: { status: 503, body: s3Error('SlowDown') } })
    const deadline = new AbortController()
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, signal: deadline.signal })
    const upload = await beginUpload(test.store, requestOf('auto'))
    const poll = setInterval(() => {
      // By then the pauses are longer than an answer takes.
      if (test.lines.filter(line => line.includes('trying again')).length > 4)
        deadline.abort(new OperatorError('TIMED_OUT', 'Time is up.'))
    }, 20)

    await expect(upload.write(fromReadable(Readable.from(endless())))).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringMatching(/Time is up\. It was waiting to send part \d of .*: SlowDown/),
    })

    clearInterval(poll)
    await upload[Symbol.asyncDispose]()
    await expectNothing(bucket)
  })

  it('leaves nothing when the source fails', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const upload = await beginUpload(test.store, requestOf('auto'))
    const source = new Readable({ read() {} })
    source.push(WHOLE)
    setTimeout(() => source.destroy(new Error('the pipe broke')), 300)

    await expect(upload.write(fromReadable(source))).rejects.toThrow('the pipe broke')

    await upload[Symbol.asyncDispose]()
    await expectNothing(bucket)
  })

  it.each([
    ['Ceph', lab],
    ['Swift', swift],
  ])('that is cancelled ends at once and leaves no part on %s', async (_, { s3 }) => {
    await using bucket = await createBucket({ ...lab, s3 })
    const job = new AbortController()
    using test = openStore(s3, bucket.name, { signal: job.signal })
    const upload = await beginUpload(test.store, requestOf('auto'))
    const reason = new OperatorError('CANCELLED', 'The job was cancelled.')
    setTimeout(() => job.abort(reason), 700)
    const startedAt = performance.now()

    await expect(upload.write(fromReadable(Readable.from(endless())))).rejects.toBe(reason)
    await upload[Symbol.asyncDispose]()

    expect(performance.now() - startedAt).toBeLessThan(5000)
    await expectNothing(bucket)
  })

  it('is not told to be too large before it is', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const plan = { partBytes: 5 * MIB, inFlight: 2, lag: 0, maxParts: 2 }
    for (const [bytes, fits] of [
      [10 * MIB, true],
      [10 * MIB + 1, false],
    ] as const) {
      await using upload = await beginUpload(test.store, requestOf('auto', `archives/${bytes}`))
      const writer = new PartWriter(upload.sender, [], plan)
      const sending = writer.write(fromReadable(inPieces(WHOLE.subarray(0, bytes))))
      if (fits) expect((await sending).parts.map(part => part.bytes)).toEqual([5 * MIB, 5 * MIB])
      else
        await expect(sending).rejects.toMatchObject({
          code: 'UPLOAD_TOO_LARGE',
          message: expect.stringContaining('2 parts of 5.00 MiB'),
        })
    }
    await expectNothing(bucket)
  })

  // A thousand parts through the lab's Swift.
  it('reports UPLOAD_TOO_LARGE where the store refuses part 1001', { timeout: 150_000 }, async () => {
    await using bucket = await createBucket(swift)
    await using proxy = await MeddlingProxy.start(swift.s3.endpoint)
    // The first part too many is the last to be refused.
    proxy.meddle({ method: 'PUT', path: /partNumber=1001\b/, holdAnswerMs: 1500 })
    using test = openStore(swift.s3, bucket.name, { endpoint: proxy.url })
    await using upload = await beginUpload(test.store, requestOf('auto'))
    const writer = new PartWriter(upload.sender, [], {
      partBytes: 1000,
      inFlight: 8,
      lag: 0,
      maxParts: 10_000,
    })

    await expect(writer.write(fromReadable(inPieces(WHOLE.subarray(0, 1_100_000))))).rejects.toMatchObject({
      code: 'UPLOAD_TOO_LARGE',
      message: expect.stringContaining('larger than 1000 parts'),
    })
  })

  it.each(['auto', 'basic'] as const)('is taken by a bucket that locks its objects, mode %s', async mode => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle(LOCKED_BUCKET)
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    await uploadAll(test.store, inPieces(TWO_PARTS), mode)
    await test.store.putJson('manifest.json', '{}')

    expect((await bucket.read(KEY)).equals(TWO_PARTS)).toBe(true)
    expect((await bucket.read('manifest.json')).toString()).toBe('{}')
  })

  it('that is not kept goes away again, and only that', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    {
      await using upload = await beginUpload(test.store, requestOf('auto'))
      await upload.complete(await upload.write(fromReadable(Readable.from([Buffer.from('x')]))))
      expect(await bucket.list()).toEqual([KEY])
    }
    await expectNothing(bucket)

    const foreign = { Bucket: bucket.name, Key: KEY, Body: 'of somebody else' }
    await bucket.client.send(new PutObjectCommand(foreign))
    const upload = await beginUpload(test.store, requestOf('auto'))
    const content = await upload.write(fromReadable(Readable.from([Buffer.from('x')])))
    await expect(upload.complete(content)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    await upload[Symbol.asyncDispose]()
    expect((await bucket.read(KEY)).toString()).toBe('of somebody else')
  })
})

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(MIB, 7)
}
