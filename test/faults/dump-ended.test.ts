import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import {
  expectEmpty,
  expectNothingLeft,
  MANY_ROWS,
  pgDumpOf,
  SLOW,
  untilUploading,
} from '../support/dump-faults.ts'
import { theLab } from '../support/lab.ts'
import { runAction, startAction } from '../support/runner.ts'

describe('a dump that is ended early', () => {
  const lab = theLab()

  it('leaves nothing when pg_dump is killed half way', async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using bucket = await createBucket(lab)
    const action = startAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: SLOW }))
    const pid = await pgDumpOf(action)
    await untilUploading(bucket)
    await sleep(1000)
    process.kill(pid, 'SIGKILL')

    const run = await action.finished

    expect(run.annotations.at(-1)?.message).toContain('SIGKILL')
    await expectNothingLeft(run, bucket, 'DUMP_FAILED')
  })

  it('cleans up within the grace of a cancelled job', async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using bucket = await createBucket(lab)
    const action = startAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: SLOW }))
    await pgDumpOf(action)
    await untilUploading(bucket)
    await sleep(1000)
    const cancelledAt = performance.now()

    const run = await action.cancel()

    expect(performance.now() - cancelledAt).toBeLessThan(7500)
    expect(run.endedBy).toBeNull()
    await expectNothingLeft(run, bucket, 'CANCELLED')
    await sleep(500)
    expect(
      await source.query(
        "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pg%' AND datname = current_database() AND pid <> pg_backend_pid()",
      ),
    ).toEqual([])
  })

  it('stops a pg_dump that does not listen any more, still in time', async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using bucket = await createBucket(lab)
    const action = startAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: SLOW }))
    const pid = await pgDumpOf(action)
    await untilUploading(bucket)
    process.kill(pid, 'SIGSTOP')

    const run = await action.cancel()

    expect(run.endedBy).toBeNull()
    expect(run.durationMs).toBeLessThan(15_000)
    await expectNothingLeft(run, bucket, 'CANCELLED')
  })

  it('cleans up in the post step when the action itself was killed', async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using bucket = await createBucket(lab)
    const options = dumpOptions(lab, source, bucket, { inputs: SLOW })
    const action = startAction('dump-to-s3', options)
    await pgDumpOf(action)
    await untilUploading(bucket)
    await sleep(500)
    action.signal('SIGKILL')
    const killed = await action.finished
    expect(killed.endedBy).toBe('SIGKILL')
    expect(await bucket.listMultipartUploads()).toHaveLength(1)

    const post = await runAction('dump-to-s3', { ...options, phase: 'post', after: killed })

    expect(post.exitCode).toBe(0)
    expect(post.leftFiles).toEqual([])
    await expectEmpty(bucket)
  })

  it('stops at its timeout', async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using bucket = await createBucket(lab)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { ...SLOW, timeout: '2s' } }),
    )

    await expectNothingLeft(run, bucket, 'TIMED_OUT')
  })
})
