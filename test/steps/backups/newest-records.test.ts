import { describe, expect, it } from 'vitest'
import { readNewest } from '../../../src/steps/backups/past-records.ts'
import { createBucket } from '../../support/bucket.ts'
import { theLab } from '../../support/lab.ts'
import { MeddlingProxy, s3Error } from '../../support/storage/meddling-proxy.ts'
import { openStore } from '../../support/storage/test-store.ts'

const lab = theLab()
const SERIES = { prefix: 'drills/logi/', parse: (json: string) => json }

/** Records that an estimate or a trend would like to have: no restore waits for them or fails without. */
describe('records of the past', () => {
  it.each([
    ['denies the list', { answer: { status: 403, body: s3Error('AccessDenied') } }],
    ['does not give the list', { holdAnswerMs: 60_000 }],
  ])(
    'are left out in ten seconds where the store %s',
    async (_, meddling) => {
      await using bucket = await createBucket(lab)
      await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
      proxy.meddle({ path: /prefix=drills/, times: 1000, ...meddling })
      using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
      const leftOut: string[] = []
      const startedAt = performance.now()

      const records = await readNewest(test.store, SERIES, 5, uri => leftOut.push(uri))

      expect(records).toBeUndefined()
      expect(leftOut).toEqual([`s3://${bucket.name}/drills/logi/`])
      expect(performance.now() - startedAt).toBeLessThan(15_000)
    },
    30_000,
  )

  it('are given where one of them cannot be read', async () => {
    await using bucket = await createBucket(lab)
    using test = openStore(lab.s3, bucket.name)
    for (const name of ['20261201T040000Z-1a2b3c4d', '20261202T040000Z-1a2b3c4d'])
      await test.store.putJson(`drills/logi/${name}.json`, name)
    const parse = (text: string) => {
      if (text.startsWith('20261202')) throw new Error('damaged')
      return text
    }
    const leftOut: string[] = []

    const records = await readNewest(test.store, { ...SERIES, parse }, 5, uri => leftOut.push(uri))

    expect(records).toEqual(['20261201T040000Z-1a2b3c4d'])
    expect(leftOut).toEqual([`s3://${bucket.name}/drills/logi/20261202T040000Z-1a2b3c4d.json`])
  })
})
