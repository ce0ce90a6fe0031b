import { describe, expect, it } from 'vitest'
import { startSwift } from '../../lab/swift.ts'
import { compactInstant } from '../../src/core/backup/backup-id.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'
import { MeddlingProxy } from '../support/storage/meddling-proxy.ts'
import { openStore, type TestStore } from '../support/storage/test-store.ts'

const lab = theLab()
const HOUR_MS = 3_600_000
const PREFIX = 'manifests/db/'

/** Keys so many hours apart, the newest of an hour ago, in order. */
function keysOf(count: number, hoursApart: number): readonly string[] {
  const at = (i: number) => new Date(Date.now() - HOUR_MS * (1 + i * hoursApart))
  return Array.from({ length: count }, (_, i) => `${PREFIX}${compactInstant(at(i))}-x.json`).toReversed()
}

async function fill({ store }: TestStore, keys: readonly string[]): Promise<void> {
  for (let i = 0; i < keys.length; i += 40)
    await Promise.all(keys.slice(i, i + 40).map(key => store.putJson(key, '{}')))
}

async function withKeys(
  keys: readonly string[],
  work: (test: TestStore, proxy: MeddlingProxy) => Promise<void>,
) {
  await using bucket: TestBucket = await createBucket(lab)
  using filled = openStore(lab.s3, bucket.name)
  await fill(filled, keys)
  await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
  using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
  await work(test, proxy)
}

async function readAll({ store }: TestStore, until?: Date): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const batch of store.newest(PREFIX, until && { until })) keys.push(...batch)
  return keys
}

describe('the newest keys', () => {
  it.each([
    ['a short history', keysOf(30, 24)],
    ['a history without a recent key', keysOf(10, 24).map(key => key.replace(/\d{4}/, '2020'))],
    ['more than a page in a month', keysOf(1300, 0.5)],
    ['more than a page of years', keysOf(1100, 24)],
  ])(
    'are each given once, newest first: %s',
    async (_, keys) => {
      const stray = `${PREFIX}notes.json`
      await withKeys([...keys, stray], async test => {
        const found = await readAll(test)
        expect(found.filter(key => key !== stray)).toEqual(keys.toSorted().toReversed())
        expect(found.filter(key => key === stray)).toHaveLength(1)
      })
    },
    120_000,
  )

  it('are given by an old store too', async () => {
    const s3 = await startSwift()
    await using bucket = await createBucket({ ...lab, s3 })
    using test = openStore(s3, bucket.name)
    const keys = [...keysOf(4, 24).map(key => key.replace(/\d{4}/, '2020')), ...keysOf(4, 24)]
    await fill(test, keys)
    expect(await readAll(test)).toEqual(keys.toReversed())
  }, 120_000)

  it('take one or two requests, however long the history is', async () => {
    const keys = keysOf(1300, 0.5)
    await withKeys(keys, async (test, proxy) => {
      for await (const batch of test.store.newest(PREFIX)) {
        expect(batch[0]).toBe(keys.at(-1))
        break
      }
      expect(proxy.seen.length).toBeLessThanOrEqual(2)
    })
  }, 120_000)

  it('before an instant begin there', async () => {
    const keys = keysOf(60, 24)
    await withKeys(keys, async (test, proxy) => {
      const until = new Date(Date.now() - 20.5 * 24 * HOUR_MS)
      for await (const batch of test.store.newest(PREFIX, { until })) {
        expect(batch[0]).toBe(keys.at(-22))
        break
      }
      expect(proxy.seen).toHaveLength(1)
    })
  })
})
