import { createHash, randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { startSwift } from '../../lab/swift.ts'
import { createBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'

const s3 = await startSwift()
const swift = { ...theLab(), s3 }
const MIB = 1024 * 1024
const refusedWith = (status: number) =>
  expect.objectContaining({ $metadata: expect.objectContaining({ httpStatusCode: status }) })

describe('the old, strict store', () => {
  it('takes a multipart upload whose parts carry an MD5', async () => {
    await using bucket = await createBucket(swift)
    const { client, name: Bucket } = bucket
    const parts = [randomBytes(5 * MIB), randomBytes(7)]
    const begin = new CreateMultipartUploadCommand({ Bucket, Key: 'a/b', Metadata: { 'backup-id': 'x' } })
    const upload = { Bucket, Key: 'a/b', UploadId: (await client.send(begin)).UploadId }
    expect(await bucket.listMultipartUploads('a/')).toHaveLength(1)
    const sent = await Promise.all(
      parts.map(async (Body, index) => {
        const part = { PartNumber: index + 1, ContentMD5: createHash('md5').update(Body).digest('base64') }
        const { ETag } = await client.send(new UploadPartCommand({ ...upload, ...part, Body }))
        return { PartNumber: part.PartNumber, ETag }
      }),
    )
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: sent } }))
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'a/b' }))
    expect(head.ContentLength).toBe(5 * MIB + 7)
    expect(head.Metadata).toEqual({ 'backup-id': 'x' })
    expect((await bucket.read('a/b')).equals(Buffer.concat(parts))).toBe(true)
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it('refuses a part whose MD5 is wrong, and part 1001', async () => {
    await using bucket = await createBucket(swift)
    const { client, name: Bucket } = bucket
    const begin = new CreateMultipartUploadCommand({ Bucket, Key: 'a' })
    const upload = { Bucket, Key: 'a', UploadId: (await client.send(begin)).UploadId, Body: 'x' }
    const ContentMD5 = createHash('md5').update('y').digest('base64')
    await expect(
      client.send(new UploadPartCommand({ ...upload, PartNumber: 1, ContentMD5 })),
    ).rejects.toThrow(refusedWith(400))
    await expect(client.send(new UploadPartCommand({ ...upload, PartNumber: 1001 }))).rejects.toThrow(
      refusedWith(400),
    )
    await client.send(new AbortMultipartUploadCommand(upload))
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it('knows no conditional PUT and no trailers', async () => {
    await using bucket = await createBucket(swift)
    const put = { Bucket: bucket.name, Key: 'a', Body: 'x' }
    await expect(bucket.client.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }))).rejects.toThrow(
      refusedWith(501),
    )
    const trailer = new PutObjectCommand(put)
    trailer.middlewareStack.add(
      next => args => {
        const headers = {
          'content-encoding': 'aws-chunked',
          'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        }
        Object.assign(Object(args.request).headers, headers)
        return next(args)
      },
      { step: 'build' },
    )
    await expect(bucket.client.send(trailer)).rejects.toThrow(refusedWith(501))
  })

  it('ignores checksums that it does not know, without a word', async () => {
    await using bucket = await createBucket(swift)
    const put = {
      Bucket: bucket.name,
      Key: 'a',
      Body: 'x',
      ChecksumAlgorithm: 'CRC32',
      ChecksumCRC32: 'AAAAAA==',
    }
    const stored = await bucket.client.send(new PutObjectCommand({ ...put, ChecksumAlgorithm: 'CRC32' }))
    expect(stored.ChecksumCRC32).toBeUndefined()
  })

  it('refuses a stranger', async () => {
    await using bucket = await createBucket(swift)
    const stranger = new S3Client({
      endpoint: s3.endpoint,
      region: s3.region,
      credentials: s3.stranger,
      forcePathStyle: true,
    })
    await expect(
      stranger.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'a', Body: 'x' })),
    ).rejects.toThrow(refusedWith(403))
  })
})
