import { DeleteObjectsCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { drillKey, gateKey, manifestKey } from '../../src/core/backup/bucket-layout.ts'
import { mapBounded } from '../../src/core/map-bounded.ts'
import type { TestBucket } from '../../test/support/bucket.ts'
import { DATABASE } from './subject.ts'

const HOUR_MS = 3_600_000
/** As many keys as one request may name. */
const PAGE = 1000
const NONCE = '0000000a'
const LOCATION = { prefix: 'backups', database: DATABASE }

/** What is kept of the past, with the key that a document of an instant has. */
const KEYS = {
  manifests: (instant: Date) => manifestKey(LOCATION, { instant, kind: 'daily', nonce: NONCE }),
  drills: (instant: Date) => drillKey(LOCATION, instant, NONCE),
  gates: (instant: Date) => gateKey(LOCATION, instant, NONCE),
} as const

/**
 * Copies the newest document of a series, with the head in its metadata, under older names, one an hour: as
 * many as the time allows. Returns their keys.
 */
export async function addOlder(
  bucket: TestBucket,
  series: keyof typeof KEYS,
  count: number,
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<readonly string[]> {
  const startedAt = performance.now()
  const key = (await bucket.list(`backups/${series}/`)).at(-1) ?? ''
  const Body = await bucket.read(key)
  const { Metadata } = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }))
  const newest = Date.now() - HOUR_MS
  const keys = Array.from({ length: count }, (_, age) => KEYS[series](new Date(newest - age * HOUR_MS)))
  const added: string[] = []
  await mapBounded(keys, 32, async Key => {
    if (performance.now() - startedAt > timeoutMs) return
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body, Metadata }))
    added.push(Key)
  })
  return added
}

/** In pages: one request each would take longer than the contest. */
export async function removeAll(bucket: TestBucket, keys: readonly string[]): Promise<void> {
  const pages = Array.from({ length: Math.ceil(keys.length / PAGE) }, (_, page) =>
    keys.slice(page * PAGE, (page + 1) * PAGE),
  )
  await mapBounded(pages, 4, async page => {
    const Delete = { Objects: page.map(Key => ({ Key })), Quiet: true }
    await bucket.client.send(new DeleteObjectsCommand({ Bucket: bucket.name, Delete }))
  })
}
