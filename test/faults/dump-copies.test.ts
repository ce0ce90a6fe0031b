import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { copyKeys, copyLine } from '../support/copies.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { expectEmpty, MANY_ROWS, untilUploading } from '../support/dump-faults.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'
import { type ActionOptions, runAction, startAction } from '../support/runner.ts'

describe('a dump whose copy goes to a store that fails', () => {
  const lab = theLab()
  let source: TestDatabase
  beforeAll(async () => {
    source = await createDatabase(lab, MANY_ROWS)
  })
  afterAll(() => source[Symbol.asyncDispose]())

  async function slowProxy(bytesPerSecond: number): Promise<FaultProxy> {
    const proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
    proxy.bytesPerSecondUp = bytesPerSecond
    return proxy
  }

  function options(
    first: TestBucket,
    second: TestBucket,
    proxy: FaultProxy,
    inputs: Record<string, string>,
  ): ActionOptions {
    return dumpOptions(lab, source, first, {
      inputs: { copies: copyLine(second, proxy.url), 'copy-timeout': '2s', ...inputs },
      env: copyKeys(),
    })
  }

  it.each([
    ['warn', 0],
    ['fail', 1],
  ] as const)(
    'is good, and the second store clean, when that is killed: %s',
    async (mode, exitCode) => {
      await using first = await createBucket(lab)
      await using second = await createBucket(lab)
      await using proxy = await slowProxy(4_000_000)
      const how = options(first, second, proxy, { 'on-copy-failure': mode })
      const action = startAction('dump-to-s3', how)
      await untilUploading(second)
      await sleep(300)
      proxy.refuse()

      const run = await action.finished

      expect(run.exitCode, run.log).toBe(exitCode)
      expect(run.outputs['failed-copies']).toBe(`s3://${second.name}/second`)
      const told = run.annotations.filter(({ message }) => message.includes('No copy in'))
      expect(told).toHaveLength(1)
      expect(told[0]?.message).toMatch(/waited 2\.0 s.*ECONN.*left behind.*abort-multipart-upload/s)
      expect(await first.list()).toHaveLength(2)
      expect(await second.listMultipartUploads()).toHaveLength(1)

      proxy.resume()
      const post = await runAction('dump-to-s3', { ...how, phase: 'post', after: run })
      expect(post.exitCode, post.log).toBe(0)
      expect(await first.list()).toHaveLength(2)
      await expectEmpty(second)
    },
    60_000,
  )

  it('waits no longer than copy-timeout for a store that is slower', async () => {
    await using first = await createBucket(lab)
    await using second = await createBucket(lab)
    await using proxy = await slowProxy(500_000)

    const run = await runAction('dump-to-s3', options(first, second, proxy, {}))

    expect(run.exitCode, run.log).toBe(0)
    const [manifestKey = ''] = await first.list('backups/manifests/')
    const { durations } = JSON.parse((await first.read(manifestKey)).toString())
    // It takes the copy more than half a minute.
    expect(run.durationMs - durations.totalMs).toBeLessThan(8000)
    expect(run.outputs.copies).toBe('')
    await expectEmpty(second)
  }, 60_000)

  it('leaves nothing in either store when the step itself was killed', async () => {
    await using first = await createBucket(lab)
    await using second = await createBucket(lab)
    await using proxy = await slowProxy(1_000_000)
    const how = options(first, second, proxy, { compression: 'zstd:19' })
    const action = startAction('dump-to-s3', how)
    await untilUploading(first)
    await untilUploading(second)
    action.signal('SIGKILL')
    const killed = await action.finished

    const post = await runAction('dump-to-s3', { ...how, phase: 'post', after: killed })

    expect(post.exitCode, post.log).toBe(0)
    await expectEmpty(first)
    await expectEmpty(second)
  }, 60_000)

  it('leaves nothing in either store when the job is cancelled', async () => {
    await using first = await createBucket(lab)
    await using second = await createBucket(lab)
    await using proxy = await slowProxy(1_000_000)
    const action = startAction('dump-to-s3', options(first, second, proxy, { compression: 'zstd:19' }))
    await untilUploading(first)
    await untilUploading(second)

    const run = await action.cancel()

    expect(run.endedBy).toBeNull()
    expect(run.annotations.at(-1)?.title).toBe('dump-to-s3: CANCELLED')
    await expectEmpty(first)
    await expectEmpty(second)
  }, 60_000)
})
