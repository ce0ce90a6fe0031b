import { HeadObjectCommand, PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import type { TestBucket } from './bucket.ts'
import { rgwAdmin } from './rgw-admin.ts'

/**
 * Moves every object below a prefix to DEEP_ARCHIVE as a lifecycle rule does. The lab's Ceph carries that
 * class out as a cloud tier: what is moved cannot be read before RestoreObject has brought it back.
 */
export async function moveToColdTier(bucket: TestBucket, prefix: string): Promise<void> {
  await bucket.client.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: bucket.name,
      LifecycleConfiguration: {
        Rules: [
          {
            ID: 'cold',
            Status: 'Enabled',
            Filter: { Prefix: prefix },
            Transitions: [{ Days: 1, StorageClass: 'DEEP_ARCHIVE' }],
          },
        ],
      },
    }),
  )
  const [key = ''] = await bucket.list(prefix)
  const move = async () => {
    // A day of the rule lasts a second here.
    await rgwAdmin('lc', 'process', '--bucket', bucket.name, '--rgw-lc-debug-interval=1')
    return (await headOf(bucket, key)).StorageClass
  }
  await expect.poll(move, { timeout: 30_000, interval: 500 }).toBe('DEEP_ARCHIVE')
}

/** Waits until what was asked for can be read. */
export async function untilThawed(bucket: TestBucket, key: string): Promise<void> {
  const look = async () => (await headOf(bucket, key)).Restore
  await expect.poll(look, { timeout: 30_000, interval: 200 }).toContain('ongoing-request="false"')
}

async function headOf(bucket: TestBucket, Key: string) {
  return await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key }))
}
