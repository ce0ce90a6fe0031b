import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import {
  AbortMultipartUploadCommand,
  type ChecksumType,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'

/**
 * What our uploader relies on, asked of the store itself. Where the store differs from AWS, the test says so:
 * a new Ceph that behaves otherwise is news.
 */

const MIB = 1024 * 1024
const PARTS = [randomBytes(5 * MIB), randomBytes(MIB + 7)] as const
const KEY = 'archives/a b/1.dump'

function base64Crc32(...buffers: readonly Buffer[]): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(buffers.reduce((value, buffer) => crc32(buffer, value), 0))
  return bytes.toString('base64')
}

/** CRC-64/NVME bit by bit: slow, and not the code under test. */
function base64Crc64(...buffers: readonly Buffer[]): string {
  const table = Array.from({ length: 256 }, (_, byte) => {
    let value = BigInt(byte)
    for (let bit = 0; bit < 8; bit += 1)
      value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n
    return value
  })
  let value = 0xffffffffffffffffn
  for (const byte of Buffer.concat(buffers))
    value = (table[Number((value ^ BigInt(byte)) & 0xffn)] ?? 0n) ^ (value >> 8n)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value ^ 0xffffffffffffffffn)
  return bytes.toString('base64')
}

const ALGORITHMS = {
  CRC32: { field: 'ChecksumCRC32', sum: base64Crc32 },
  CRC64NVME: { field: 'ChecksumCRC64NVME', sum: base64Crc64 },
} as const

type Algorithm = keyof typeof ALGORITHMS

async function begin({ client, name: Bucket }: TestBucket, algorithm?: Algorithm, type?: ChecksumType) {
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key: KEY,
      Metadata: { 'backup-id': '20261123T010203Z' },
      ...(algorithm && { ChecksumAlgorithm: algorithm }),
      ...(type && { ChecksumType: type }),
    }),
  )
  return { Bucket, Key: KEY, UploadId }
}

type Upload = Awaited<ReturnType<typeof begin>>

async function sendParts(
  { client }: TestBucket,
  upload: Upload,
  algorithm: Algorithm,
): Promise<CompletedPart[]> {
  const { field, sum } = ALGORITHMS[algorithm]
  return await Promise.all(
    PARTS.map(async (Body, index) => {
      const part = { PartNumber: index + 1, [field]: sum(Body) }
      const { ETag } = await client.send(
        new UploadPartCommand({ ...upload, ...part, Body, ChecksumAlgorithm: algorithm }),
      )
      return { ...part, ETag }
    }),
  )
}

const refusal = (name: string) => expect.objectContaining({ name })

describe.each(['CRC32', 'CRC64NVME'] as const)('a multipart upload with %s of the full object', algorithm => {
  const { field, sum } = ALGORITHMS[algorithm]

  it('carries the checksum from the parts to HEAD, with the metadata of its beginning', async () => {
    await using bucket = await createBucket(theLab())
    const upload = await begin(bucket, algorithm, 'FULL_OBJECT')
    const Parts = await sendParts(bucket, upload, algorithm)
    const listed = await bucket.client.send(new ListPartsCommand(upload))
    expect(listed.Parts?.map(part => part[field])).toEqual(PARTS.map(part => sum(part)))
    const whole = { [field]: sum(...PARTS), ChecksumType: 'FULL_OBJECT' as const }
    const size = { MpuObjectSize: PARTS[0].length + PARTS[1].length }
    const done = await bucket.client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...whole, ...size }),
    )
    expect(done).toMatchObject(whole)
    const head = await bucket.client.send(
      new HeadObjectCommand({ Bucket: bucket.name, Key: KEY, ChecksumMode: 'ENABLED' }),
    )
    expect(head).toMatchObject({ ...whole, ContentLength: size.MpuObjectSize })
    expect(head.Metadata).toEqual({ 'backup-id': '20261123T010203Z' })
  })

  it('refuses a part that does not match', async () => {
    await using bucket = await createBucket(theLab())
    const upload = await begin(bucket, algorithm, 'FULL_OBJECT')
    const part = { ...upload, PartNumber: 1, ChecksumAlgorithm: algorithm, [field]: sum(PARTS[0]) }
    await expect(bucket.client.send(new UploadPartCommand({ ...part, Body: PARTS[1] }))).rejects.toThrow(
      refusal('BadDigest'),
    )
  })
})

describe('the store', () => {
  it('Ceph refuses a wrong CRC32 of the object, and accepts a wrong CRC64NVME', async () => {
    for (const algorithm of ['CRC32', 'CRC64NVME'] as const) {
      await using bucket = await createBucket(theLab())
      const { field, sum } = ALGORITHMS[algorithm]
      const upload = await begin(bucket, algorithm, 'FULL_OBJECT')
      const Parts = await sendParts(bucket, upload, algorithm)
      const wrong = { [field]: sum(PARTS[1]), ChecksumType: 'FULL_OBJECT' as const }
      const done = bucket.client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...wrong }),
      )
      if (algorithm === 'CRC32') await expect(done).rejects.toThrow(refusal('BadDigest'))
      else expect((await done)[field]).toBe(sum(...PARTS))
    }
  })

  it('checks a checksum only next to the name of its algorithm, unlike AWS', async () => {
    await using bucket = await createBucket(theLab())
    const put = { Bucket: bucket.name, Key: KEY, Body: PARTS[1], ChecksumCRC32: base64Crc32(PARTS[0]) }
    const stored = await bucket.client.send(new PutObjectCommand(put))
    expect(stored.ChecksumCRC32, 'no echo: the checksum was ignored').toBeUndefined()
    await expect(
      bucket.client.send(new PutObjectCommand({ ...put, ChecksumAlgorithm: 'CRC32' })),
    ).rejects.toThrow(refusal('BadDigest'))
  })

  it('verifies the signed hash of a part, and its MD5', async () => {
    await using bucket = await createBucket(theLab())
    const part = { ...(await begin(bucket)), PartNumber: 1, Body: PARTS[1] }
    const forged = new UploadPartCommand(part)
    const sha256 = createHash('sha256').update(PARTS[0]).digest('hex')
    forged.middlewareStack.add(
      next => args => {
        Object.assign(Object(args.request).headers, { 'x-amz-content-sha256': sha256 })
        return next(args)
      },
      { step: 'build' },
    )
    await expect(bucket.client.send(forged)).rejects.toThrow(refusal('XAmzContentSHA256Mismatch'))
    const ContentMD5 = createHash('md5').update(PARTS[0]).digest('base64')
    await expect(bucket.client.send(new UploadPartCommand({ ...part, ContentMD5 }))).rejects.toThrow(
      refusal('BadDigest'),
    )
  })

  it('honours If-None-Match when an upload is completed, and when an object is put', async () => {
    await using bucket = await createBucket(theLab())
    const complete = async () => {
      const upload = await begin(bucket)
      const { ETag } = await bucket.client.send(
        new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }),
      )
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
      return await bucket.client.send(
        new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, IfNoneMatch: '*' }),
      )
    }
    await complete()
    await expect(complete()).rejects.toThrow(refusal('PreconditionFailed'))
    const put = new PutObjectCommand({ Bucket: bucket.name, Key: KEY, Body: 'x', IfNoneMatch: '*' })
    await expect(bucket.client.send(put)).rejects.toThrow(refusal('PreconditionFailed'))
    expect(await bucket.listMultipartUploads(), 'a refused upload stays open').toHaveLength(1)
  })

  it('completes the same upload twice with the same answer', async () => {
    await using bucket = await createBucket(theLab())
    const upload = await begin(bucket)
    const { ETag } = await bucket.client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }))
    const complete = () =>
      bucket.client.send(
        new CompleteMultipartUploadCommand({
          ...upload,
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        }),
      )
    expect((await complete()).ETag).toBe((await complete()).ETag)
  })

  it('shows open uploads by prefix until they are aborted', async () => {
    await using bucket = await createBucket(theLab())
    const upload = await begin(bucket)
    expect((await bucket.listMultipartUploads()).map(open => open.Key)).toEqual([KEY])
    expect(await bucket.listMultipartUploads('archives/')).toHaveLength(1)
    expect(await bucket.listMultipartUploads('manifests/')).toHaveLength(0)
    await bucket.client.send(new AbortMultipartUploadCommand(upload))
    expect(await bucket.listMultipartUploads()).toHaveLength(0)
    await expect(bucket.client.send(new ListPartsCommand(upload))).rejects.toThrow(/./)
  })

  it('keeps storage classes, and knows no others', async () => {
    await using bucket = await createBucket(theLab())
    const put = (StorageClass: 'STANDARD_IA') =>
      bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: KEY, Body: 'x', StorageClass }))
    await put('STANDARD_IA')
    const head = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: KEY }))
    expect(head.StorageClass).toBe('STANDARD_IA')
    await expect(put('NO_SUCH_CLASS' as 'STANDARD_IA')).rejects.toThrow(refusal('InvalidArgument'))
  })
})
