import { DeleteObjectsCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { manifestKey } from '../../src/core/backup/bucket-layout.ts'
import { mapBounded } from '../../src/core/map-bounded.ts'
import type { TestBucket } from '../../test/support/bucket.ts'
import { DATABASE } from './subject.ts'

const HOUR_MS = 3_600_000
/** As many keys as one request may name. */
const PAGE = 1000

/**
 * Copies the manifest in the bucket, with the head in its metadata, under older names, one an hour. Returns
 * their keys.
 */
export async function addOlderManifests(bucket: TestBucket, count: number): Promise<readonly string[]> {
  const [key = ''] = await bucket.list('backups/manifests/')
  const Body = await bucket.read(key)
  const { Metadata } = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }))
  const newest = Date.now() - HOUR_MS
  const keys = Array.from({ length: count }, (_, age) =>
    manifestKey(
      { prefix: 'backups', database: DATABASE },
      { instant: new Date(newest - age * HOUR_MS), kind: 'daily', nonce: '0000000a' },
    ),
  )
  await mapBounded(keys, 32, async Key => {
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body, Metadata }))
  })
  return keys
}

/** In pages: one request each would take longer than the contest. */
export async function removeManifests(bucket: TestBucket, keys: readonly string[]): Promise<void> {
  const pages = Array.from({ length: Math.ceil(keys.length / PAGE) }, (_, page) =>
    keys.slice(page * PAGE, (page + 1) * PAGE),
  )
  await mapBounded(pages, 4, async page => {
    const Delete = { Objects: page.map(Key => ({ Key })), Quiet: true }
    await bucket.client.send(new DeleteObjectsCommand({ Bucket: bucket.name, Delete }))
  })
}
