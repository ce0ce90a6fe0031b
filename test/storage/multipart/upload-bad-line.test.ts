import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { shellQuote } from '../../../src/core/text/shell-quote.ts'
import { abortUpload } from '../../../src/storage/multipart/abort-upload.ts'
import { beginUpload } from '../../../src/storage/multipart/upload.ts'
import { createBucket } from '../../support/bucket.ts'
import { fromReadable } from '../../support/byte-source.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { theLab } from '../../support/lab.ts'
import { MeddlingProxy, s3Error } from '../../support/storage/meddling-proxy.ts'
import { inPieces, openStore, sha256 } from '../../support/storage/test-store.ts'
import { expectNothing, KEY, requestOf, TWO_PARTS, uploadAll } from '../../support/storage/uploads.ts'

const lab = theLab()

describe('an upload over a bad line', () => {
  it.each([
    ['a byte flips in a part', { method: 'PUT', path: /partNumber=2&/, flipSent: true }],
    ['the answer to a part is lost', { method: 'PUT', path: /partNumber=1&/, dropAnswer: true }],
    ['the answer to the beginning is lost', { method: 'POST', path: /uploads/, dropAnswer: true }],
    ['the answer to the completion is lost', { method: 'POST', path: /uploadId=/, dropAnswer: true }],
    [
      'the answers to the completion are lost for a while',
      { method: 'POST', path: /uploadId=/, dropAnswer: true, times: 4 },
    ],
    [
      'the completion fails inside an answer that says 200',
      { method: 'POST', path: /uploadId=/, answer: { status: 200, body: s3Error('InternalError') } },
    ],
    [
      'it does so with a line feed at the end',
      { method: 'POST', path: /uploadId=/, answer: { status: 200, body: `${s3Error('InternalError')}\n` } },
    ],
    [
      'the store knows no conditions',
      { method: 'POST', path: /uploadId=/, answer: { status: 501, body: s3Error('NotImplemented') } },
    ],
    [
      'parts are refused as throttled',
      { method: 'PUT', path: /partNumber/, times: 9, answer: { status: 503, body: s3Error('SlowDown') } },
    ],
  ] as const)('is good in the end when %s', async (_, meddling) => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle(meddling)
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    const { content, stored } = await uploadAll(test.store, inPieces(TWO_PARTS))

    expect(content.sha256).toBe(sha256(TWO_PARTS))
    expect(stored.checksum?.value).toContain(content.crc32.full)
    expect((await bucket.read(KEY)).equals(TWO_PARTS)).toBe(true)
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it.each(['auto', 'basic'] as const)(
    'looks at the object when the last answer is lost for good, mode %s',
    async mode => {
      await using bucket = await createBucket(lab)
      await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
      const isDone = { method: 'POST', path: /uploadId=/ }
      proxy.meddle({ ...isDone, dropAnswer: true })
      proxy.meddle({ ...isDone, times: 9, answer: { status: 404, body: s3Error('NoSuchUpload') } })
      using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

      const { stored } = await uploadAll(test.store, inPieces(TWO_PARTS), mode)

      expect(stored.bytes).toBe(TWO_PARTS.length)
      expect(await bucket.list()).toEqual([KEY])
    },
  )

  it('believes no 404 without an object', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({
      method: 'POST',
      path: /uploadId=/,
      answer: { status: 404, body: s3Error('NoSuchUpload') },
    })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    await expect(uploadAll(test.store, inPieces(TWO_PARTS))).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    await expectNothing(bucket)
  })

  it.each([
    ['a store that lists no uploads', 501, 'NotImplemented'],
    ['a store that is asked wrongly', 400, 'InvalidArgument'],
  ])('whose beginning was repeated goes on at %s, and leaves nothing of its own', async (_, status, code) => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'POST', path: /uploads/, answer: { status: 503, body: s3Error('SlowDown') } })
    proxy.meddle({ method: 'GET', path: /uploads/, answer: { status, body: s3Error(code) } })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    await uploadAll(test.store, inPieces(TWO_PARTS))
    expect(await bucket.listMultipartUploads()).toEqual([])
    expect(test.lines.join()).toContain('An empty upload may be left behind')
  })

  it('leaves nothing when the job is cancelled while it looks for strays', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'POST', path: /uploads/, answer: { status: 503, body: s3Error('SlowDown') } })
    proxy.meddle({ method: 'GET', path: /uploads/, holdAnswerMs: 5000 })
    const job = new AbortController()
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, signal: job.signal })
    const reason = new OperatorError('CANCELLED', 'The job was cancelled.')
    const untilLooking = setInterval(() => {
      if (proxy.seen.some(({ method, path }) => method === 'GET' && /uploads/.test(path))) job.abort(reason)
    }, 20)
    {
      await using _upload = await beginUpload(test.store, requestOf('auto'))
      clearInterval(untilLooking)
      expect(job.signal.aborted).toBe(true)
    }
    await expectNothing(bucket)
  })

  it('gives a shell command for an upload that it may not remove, whatever the prefix', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({
      method: 'DELETE',
      path: /uploadId=/,
      answer: { status: 403, body: s3Error('AccessDenied') },
    })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    const key = `it's(all)/${KEY}`
    const { open } = await beginUpload(test.store, requestOf('auto', key))

    const error = await abortUpload(test.store, open).catch((reason: OperatorError) => reason)

    const command = error?.hint?.replace('Run: ', '') ?? ''
    const said = execFileSync('sh', ['-c', `aws() { printf '%s\\n' "$@"; }; ${command}`], {
      encoding: 'utf8',
    })
    expect(said.trimEnd().split('\n')).toEqual([
      's3api',
      'abort-multipart-upload',
      '--endpoint-url',
      proxy.url,
      '--bucket',
      bucket.name,
      '--key',
      key,
      '--upload-id',
      open.uploadId,
    ])
  })

  it('ends a completion without an answer at a cancellation, and names what is left', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
    const job = new AbortController()
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, signal: job.signal })
    const upload = await beginUpload(test.store, requestOf('auto'))
    const content = await upload.write(fromReadable(inPieces(TWO_PARTS)))
    const reason = new OperatorError('CANCELLED', 'The job was cancelled.')
    proxy.blackhole()
    setTimeout(() => job.abort(reason), 300)
    const startedAt = performance.now()

    await expect(upload.complete(content)).rejects.toBe(reason)
    await expect(upload[Symbol.asyncDispose]()).rejects.toMatchObject({
      code: 'UPLOAD_NOT_CLEANED',
      hint: expect.stringContaining(`--key ${KEY} --upload-id ${shellQuote(upload.open.uploadId)}`),
    })

    // The runner kills the tree 10 s after a cancellation.
    expect(performance.now() - startedAt).toBeLessThan(7500)
    proxy.resume()
  }, 20_000)
})
