import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Backup, DrillRig, until } from '../../support/drill-rig.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { type ActionOptions, runAction, startAction } from '../../support/runner.ts'

/** Bytes that do not compress, 32 MiB of them: three parts in the bucket. */
const BULKY = `
  CREATE TABLE blobs AS
    SELECT i AS id, string_agg(sha256((i * 1000 + j)::text::bytea), NULL) AS body
      FROM generate_series(1, 1100) AS i, generate_series(1, 1000) AS j GROUP BY i;
  ALTER TABLE blobs ALTER body SET STORAGE EXTERNAL`

describe('a drill whose store fails', () => {
  let rig: DrillRig
  let bulky: Backup

  beforeAll(async () => {
    rig = await DrillRig.start()
    bulky = await rig.backUp(BULKY, { compression: 'none' })
  })
  afterEach(() => rig.removeDrills())
  afterAll(() => rig[Symbol.asyncDispose]())

  async function whileDownloading(proxy: FaultProxy): Promise<void> {
    proxy.delayMs = 10
    await until(() => proxy.bytesDown > 4_000_000 || undefined)
  }

  const proxied = (proxy: FaultProxy, more: ActionOptions = {}) =>
    rig.options(bulky, { ...more, env: { AWS_ENDPOINT_URL_S3: proxy.url } })

  it('says that the store does not answer, when it goes away for good in mid-download', async () => {
    await using proxy = await FaultProxy.start({ port: Number(new URL(rig.lab.s3.endpoint).port) })
    const action = startAction('verify-drill', proxied(proxy, { inputs: { timeout: '15s' } }))
    await whileDownloading(proxy)
    proxy.refuse()

    const run = await action.finished

    const message = await rig.expectNotHeld(run, bulky, 'TIMED_OUT')
    expect(message).toMatch(/waiting to read backups\/archives\/.*(ECONN|hang up)/)
    expect(run.log).toMatch(/read backups\/archives\/.*trying again/)
  })

  it('passes when the store is away for 20 s in mid-download', async () => {
    await using proxy = await FaultProxy.start({ port: Number(new URL(rig.lab.s3.endpoint).port) })
    const action = startAction('verify-drill', proxied(proxy))
    await whileDownloading(proxy)
    proxy.refuse()
    await sleep(20_000)
    proxy.delayMs = 0
    proxy.resume()

    const run = await action.finished

    expect(run.log).toContain('trying again')
    expect(run.outputs.verdict, run.log).toBe('pass')
    await rig.expectNothingLeft(run)
  }, 120_000)

  it('shows what it found when the record cannot be written, as not measured', async () => {
    await using proxy = await FaultProxy.start({
      port: Number(new URL(rig.lab.s3.endpoint).port),
      http: true,
    })
    proxy.failNext(403, 100, { method: 'PUT', path: /drills/ })

    const run = await runAction('verify-drill', proxied(proxy))

    await rig.expectNotHeld(run, bulky, 'STORE_DENIED')
    expect(run.summary).toContain('could not be written')
    expect(run.summary).toContain('all tables')
  })
})
