import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { Readable } from 'node:stream'
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { afterEach, describe, expect, it } from 'vitest'
import type { Keys } from '../../lab/ceph.ts'
import { beginUpload } from '../../src/storage/multipart/upload.ts'
import type { UploadRequest } from '../../src/storage/multipart/upload-request.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { fromReadable } from '../support/byte-source.ts'
import { theLab } from '../support/lab.ts'
import { MeddlingProxy, s3Error } from '../support/storage/meddling-proxy.ts'
import { inPieces, openStore, sha256, testBytes } from '../support/storage/test-store.ts'

const lab = theLab()
/** The lab's user without rights, as Ceph's policies name it. */
const STRANGER = 'arn:aws:iam:::user/stranger'
const KEY = 'archives/db/2026/11/20261123T031500Z-daily-1a2b3c4d.dump'
const REQUEST: UploadRequest = {
  key: KEY,
  backupId: '20261123T031500Z-daily-1a2b3c4d',
  databaseBytes: 0,
  storageClass: 'STANDARD',
  compatibility: 'auto',
}

/**
 * What a role for off-site dumps gets: it may write, and clean up after itself, and nothing else. In Ceph,
 * objects belong to who wrote them: reading is denied to the writer and allowed to the test.
 */
async function allowWritingOnly({ client, name: Bucket }: TestBucket): Promise<void> {
  const Resource = `arn:aws:s3:::${Bucket}/*`
  const Statement = [
    {
      Effect: 'Allow',
      Principal: '*',
      Action: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:GetObject'],
      Resource,
    },
    { Effect: 'Deny', Principal: { AWS: [STRANGER] }, Action: ['s3:GetObject'], Resource },
  ]
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
}

describe('credentials that may only write', () => {
  const keys = lab.s3.stranger

  it.each([
    ['one part', 1000],
    ['two parts', 16 * 1024 * 1024 + 1],
  ])('make a backup of %s, and the log says on what its size rests', async (_, bytes) => {
    await using bucket = await createBucket(lab)
    await allowWritingOnly(bucket)
    using test = openStore(lab.s3, bucket.name, { keys })
    await using upload = await beginUpload(test.store, REQUEST)
    const sent = testBytes(bytes)

    const stored = await upload.complete(await upload.write(fromReadable(inPieces(sent))))
    upload.keep()

    expect(stored).toMatchObject({ bytes, metadata: { 'backup-id': REQUEST.backupId } })
    expect(stored.etag).toMatch(/^"?[0-9a-f]{32}-\d"?$/)
    expect(stored.checksum).not.toBeNull()
    expect(test.lines.join('\n')).toContain('may not look at the archive')
    expect(sha256(await bucket.read(KEY))).toBe(sha256(sent))
  })

  it('leave no part of an upload that is given up', async () => {
    await using bucket = await createBucket(lab)
    await allowWritingOnly(bucket)
    using test = openStore(lab.s3, bucket.name, { keys })
    {
      await using upload = await beginUpload(test.store, REQUEST)
      await upload.write(fromReadable(inPieces(testBytes(1000))))
    }
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it('write the manifest, also when the answer to it is lost', async () => {
    await using bucket = await createBucket(lab)
    await allowWritingOnly(bucket)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    proxy.meddle({ method: 'PUT', path: /manifests/, dropAnswer: true })
    using test = openStore(lab.s3, bucket.name, { keys, endpoint: proxy.url })
    await test.store.putJson('manifests/db/x.json', '{}\n')
    expect((await bucket.read('manifests/db/x.json')).toString()).toBe('{}\n')
  })

  it('that may not even write fail when the upload begins', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name, { keys })
    await expect(beginUpload(test.store, REQUEST)).rejects.toMatchObject({ code: 'STORE_DENIED' })
  })
})

/** Credentials as a container service gives them out, a new set each time it is asked. */
async function startCredentialService(
  sets: readonly Keys[],
): Promise<{ readonly url: string; readonly asked: () => number } & AsyncDisposable> {
  let asked = 0
  const server = createServer((_, response) => {
    const { accessKeyId, secretAccessKey } = sets[Math.min(asked, sets.length - 1)] ?? lab.s3
    asked += 1
    const Expiration = new Date(Date.now() + 3_600_000).toISOString()
    response.end(
      JSON.stringify({ AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: '', Expiration }),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/credentials`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

describe('credentials that run out', () => {
  afterEach(() => {
    delete process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI
  })

  it('in mid-upload are fetched anew, and the same parts are sent again', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    await using service = await startCredentialService([lab.s3])
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    delete process.env.AWS_ACCESS_KEY_ID
    delete process.env.AWS_SECRET_ACCESS_KEY
    process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = service.url
    const sent = testBytes(5 * 16 * 1024 * 1024)
    await using upload = await beginUpload(test.store, REQUEST)
    const before = service.asked()
    proxy.meddle({ path: /partNumber/, times: 3, answer: { status: 400, body: s3Error('ExpiredToken') } })

    const stored = await upload.complete(await upload.write(fromReadable(inPieces(sent))))
    upload.keep()

    expect(stored.bytes).toBe(sent.length)
    expect(sha256(await bucket.read(KEY))).toBe(sha256(sent))
    expect(service.asked()).toBeGreaterThan(before + 1)
  })

  it('and are not replaced end the upload with a hint', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    await using upload = await beginUpload(test.store, REQUEST)
    proxy.meddle({ path: /partNumber/, times: 99, answer: { status: 400, body: s3Error('ExpiredToken') } })

    await expect(upload.write(fromReadable(Readable.from([Buffer.from('x')])))).rejects.toMatchObject({
      code: 'STORE_DENIED',
      hint: expect.stringContaining('role-duration-seconds'),
    })
  })
})
