import { Readable } from 'node:stream'
import { GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { abortOpenUpload, type OpenUpload } from '../../../src/storage/multipart/abort-upload.ts'
import { beginUpload } from '../../../src/storage/multipart/upload.ts'
import { createBucket } from '../../support/bucket.ts'
import { fromReadable } from '../../support/byte-source.ts'
import { theLab } from '../../support/lab.ts'
import { MeddlingProxy, s3Error } from '../../support/storage/meddling-proxy.ts'
import { openStore } from '../../support/storage/test-store.ts'
import { expectNothing, KEY, requestOf } from '../../support/storage/uploads.ts'

const lab = theLab()

describe('the beginning of an upload', () => {
  it('asks for class, tags and metadata as they were given', async () => {
    await using bucket = await createBucket(lab)
    const tags = [
      ['team', 'ops & data'],
      ['a=b', '100% +/é'],
    ] as const
    using test = openStore(lab.s3, bucket.name, { config: { tags } })
    const request = { ...requestOf('auto'), storageClass: 'STANDARD_IA' }
    await using upload = await beginUpload(test.store, request)
    await upload.complete(await upload.write(fromReadable(Readable.from([Buffer.from('x')]))))
    upload.keep()

    const { client, name: Bucket } = bucket
    const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: KEY }))
    expect(Object.fromEntries(TagSet.map(tag => [tag.Key, tag.Value]))).toEqual(Object.fromEntries(tags))
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: KEY }))
    expect(head).toMatchObject({ StorageClass: 'STANDARD_IA', Metadata: { 'backup-id': request.backupId } })
  })

  it('leaves no upload when it is cancelled before the answer', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'POST', path: /uploads/, holdAnswerMs: 4000 })
    const job = new AbortController()
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, signal: job.signal })
    const reason = new OperatorError('CANCELLED', 'The job was cancelled.')
    setTimeout(() => job.abort(reason), 300)
    const startedAt = performance.now()

    await expect(beginUpload(test.store, requestOf('auto'))).rejects.toBe(reason)

    expect(performance.now() - startedAt).toBeLessThan(5000)
    await expectNothing(bucket)
  })

  it('removes an upload whose answer was lost and that was then refused', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'POST', path: /uploads/, dropAnswer: true })
    proxy.meddle({
      method: 'POST',
      path: /uploads/,
      times: 9,
      answer: { status: 403, body: s3Error('AccessDenied') },
    })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    const remembered: unknown[] = []
    const request = { ...requestOf('auto'), remember: (open: unknown) => void remembered.push(open) }

    await expect(beginUpload(test.store, request)).rejects.toMatchObject({ code: 'STORE_DENIED' })

    expect(remembered).toEqual([{ key: KEY, uploadId: null }, null])
    await expectNothing(bucket)
  })

  it('remembers its key where it cannot look for uploads, so that a later phase can', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'POST', path: /uploads/, dropAnswer: true })
    proxy.meddle({ path: /uploads/, times: 9, answer: { status: 403, body: s3Error('AccessDenied') } })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    const remembered: (OpenUpload | null)[] = []
    const request = {
      ...requestOf('auto'),
      remember: (open: OpenUpload | null) => void remembered.push(open),
    }

    await expect(beginUpload(test.store, request)).rejects.toMatchObject({ code: 'STORE_DENIED' })

    const open = { key: KEY, uploadId: null }
    expect(remembered).toEqual([open])
    expect(await bucket.listMultipartUploads()).toHaveLength(1)
    using later = openStore(lab.s3, bucket.name)
    expect(await abortOpenUpload(later.store, open)).toBe(true)
    await expectNothing(bucket)
  })

  it('asks for nothing after a plain refusal', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'POST', path: /uploads/, answer: { status: 403, body: s3Error('AccessDenied') } })
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })

    await expect(beginUpload(test.store, requestOf('auto'))).rejects.toMatchObject({ code: 'STORE_DENIED' })

    expect(proxy.seen).toHaveLength(1)
  })
})

/** Stores that lack a class, tags or encryption, as they word it. */
const WORDINGS = [
  ['MinIO', 400, 'InvalidStorageClass'],
  ['B2', 501, 'NotImplemented'],
  ['Ceph', 400, 'InvalidArgument'],
] as const

/** A proxy that refuses requests with a header, whose value may matter. */
async function lacking(header: RegExp, [status, code]: readonly [number, string]) {
  const proxy = await MeddlingProxy.start(lab.s3.endpoint)
  proxy.meddle({
    method: 'POST',
    path: /uploads/,
    withHeader: header,
    times: Number.POSITIVE_INFINITY,
    answer: { status, body: s3Error(code) },
  })
  return proxy
}

describe('a store that lacks something', () => {
  it.each(WORDINGS)('%s: class auto falls back to STANDARD, and says so', async (_, status, code) => {
    await using bucket = await createBucket(lab)
    await using proxy = await lacking(/^x-amz-storage-class$/, [status, code])
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    const request = { ...requestOf('auto'), storageClass: 'auto' }
    await using upload = await beginUpload(test.store, request)
    const stored = await upload.complete(await upload.write(fromReadable(Readable.from([Buffer.from('x')]))))
    expect(stored.storageClass).toBe('STANDARD')
    expect(test.lines).toEqual(['This store has no class STANDARD_IA: the archive goes to STANDARD.'])
  })

  it.each([
    ['storage-class', /^x-amz-storage-class$/, { storageClass: 'STANDARD_IA' }, {}],
    ['object-tags', /^x-amz-tagging$/, {}, { tags: [['a', 'b']] as const }],
    [
      'sse',
      /^x-amz-server-side-encryption$/,
      {},
      { sse: { algorithm: 'aws:kms', keyId: 'lab-key' } as const },
    ],
  ] as const)(
    'names the input %s that was set by hand, and begins nothing',
    async (name, header, own, config) => {
      for (const [, ...wording] of WORDINGS) {
        await using bucket = await createBucket(lab)
        await using proxy = await lacking(header, wording)
        using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url, config })

        await expect(beginUpload(test.store, { ...requestOf('auto'), ...own })).rejects.toMatchObject({
          code: 'INVALID_INPUT',
          message: expect.stringMatching(new RegExp(`^${name}: .*Expected`)),
        })
        await expectNothing(bucket)
      }
    },
  )
})
