import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type MultipartUpload,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import type { Lab, LabS3 } from '../../lab/lab.ts'

/** A bucket of its own for one test. `await using` empties and removes it at the end. */
export interface TestBucket extends AsyncDisposable {
  readonly name: string
  readonly client: S3Client
  /** Keys of all objects, sorted. */
  list(prefix?: string): Promise<readonly string[]>
  /** Uploads that were begun and neither completed nor aborted: the leftovers that cost money. */
  listMultipartUploads(prefix?: string): Promise<readonly MultipartUpload[]>
  /** The content of one object. */
  read(key: string): Promise<Buffer>
  remove(): Promise<void>
}

/** `prefix` is how its name begins. */
export async function createBucket(lab: Lab, prefix = 'test'): Promise<TestBucket> {
  const bucket = takeBucket(lab, `${prefix}-${randomBytes(6).toString('hex')}`)
  await bucket.client.send(new CreateBucketCommand({ Bucket: bucket.name }))
  return bucket
}

/** A bucket that the code under test creates, or that exists. */
export function takeBucket(lab: Lab, name: string): TestBucket {
  const client = s3Client(lab.s3)
  const remove = () => removeBucket(client, name)
  return {
    name,
    client,
    list: prefix => listKeys(client, name, prefix),
    listMultipartUploads: async prefix =>
      (
        await client.send(
          new ListMultipartUploadsCommand({ Bucket: name, ...(prefix && { Prefix: prefix }) }),
        )
      ).Uploads ?? [],
    read: key => readObject(client, name, key),
    remove,
    [Symbol.asyncDispose]: remove,
  }
}

/** A client for the tests' own eyes: simple settings that every store understands. */
export function s3Client(s3: LabS3, keys: Pick<LabS3, 'accessKeyId' | 'secretAccessKey'> = s3): S3Client {
  return new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: { accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

async function listKeys(client: S3Client, bucket: string, prefix?: string): Promise<readonly string[]> {
  const keys: string[] = []
  const input = { Bucket: bucket, ...(prefix === undefined ? {} : { Prefix: prefix }) }
  for await (const page of paginateListObjectsV2({ client }, input)) {
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key)
  }
  return keys.toSorted()
}

async function readObject(client: S3Client, bucket: string, key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  if (Body === undefined) throw new Error(`${bucket}/${key} came without a body`)
  return Buffer.from(await Body.transformToByteArray())
}

/** Also what hides from a plain listing: open uploads, old versions, delete markers. */
async function removeBucket(client: S3Client, bucket: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
  }
  await removeVersions(client, bucket)
  await client.send(new DeleteBucketCommand({ Bucket: bucket }))
  client.destroy()
}

async function removeVersions(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }))
    for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      await client.send(
        new DeleteObjectCommand({ Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true }),
      )
    }
    if (page.IsTruncated !== true) return
  }
}
