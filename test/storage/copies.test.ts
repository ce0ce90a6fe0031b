import { PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { readBackArchive } from '../../src/storage/verify-archive.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'
import { download, flipped, KEY, put, WHOLE } from '../support/storage/archives.ts'
import { openStore, sha256 } from '../support/storage/test-store.ts'

const lab = theLab()

async function enableVersioning({ client, name: Bucket }: TestBucket): Promise<void> {
  await client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  )
}

describe('a copy of an archive', () => {
  it.each([
    ['another ETag', { etag: '"0123456789abcdef0123456789abcdef-3"' }],
    ['a version of another bucket', { versionId: 'abc.def' }],
    ['another storage class', { storageClass: 'GLACIER_IR' }],
  ])('with %s is proven by its checksums', async (_, facts) => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const archive = { ...(await put(bucket)), ...facts }

    expect((await download(test.store, archive)).sha256).toBe(sha256(WHOLE))
    await readBackArchive(test.store, archive)

    expect(test.lines.some(line => line.includes('is a copy, proven by its checksums'))).toBe(
      !('storageClass' in facts),
    )
  })

  it('in a versioned bucket that lost the version is read from the current one', async () => {
    await using bucket = await createBucket(lab)
    await enableVersioning(bucket)
    using test = openStore(lab.s3, bucket.name)
    const first = await put(bucket)
    await put(bucket)
    await test.store.remove(KEY, first.versionId)

    expect((await download(test.store, first)).sha256).toBe(sha256(WHOLE))
  })

  it('with one changed byte is refused', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    const archive = { ...(await put(bucket)), versionId: 'gone' }
    const Body = flipped(WHOLE, WHOLE.length >> 1)
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: KEY, Body }))

    await expect(download(test.store, archive)).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' })
    await expect(readBackArchive(test.store, archive)).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT' })
  })
})
