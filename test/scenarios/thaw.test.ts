import { PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { parseThawRecord } from '../../src/core/backup/thaw-record.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { moveToColdTier, untilThawed } from '../support/cold-tier.ts'
import { createDatabase } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { grant } from '../support/example-policy.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi } from '../support/restore-run.ts'
import { runAction } from '../support/runner.ts'

const ORDERS = 'CREATE TABLE orders AS SELECT id, id % 7 AS kind FROM generate_series(1, 500) AS id'

describe('an archive in cold storage', () => {
  const lab = theLab()

  const stranger = {
    AWS_ACCESS_KEY_ID: lab.s3.stranger.accessKeyId,
    AWS_SECRET_ACCESS_KEY: lab.s3.stranger.secretAccessKey,
  }

  /** As the role of the example has it: with the rights in its policy, and no others. */
  async function allow(role: string, bucket: TestBucket): Promise<void> {
    const Policy = grant(`${role}-policy`, bucket.name).replaceAll(
      `arn:aws:s3:::${bucket.name}/`,
      `arn:aws:s3:::${bucket.name}/backups/`,
    )
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
  }

  async function run(action: string, bucket: TestBucket, inputs: Record<string, string>) {
    const found = await runAction(action, {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: { ...labEnvironment(lab), ...stranger },
    })
    const [error] = found.annotations.filter(({ level }) => level === 'error')
    return { ...found, error: error && `${error.title}: ${error.message}` }
  }

  async function thawsIn(bucket: TestBucket) {
    const keys = await bucket.list('backups/thaws/logi/')
    return await Promise.all(keys.map(async key => parseThawRecord((await bucket.read(key)).toString(), key)))
  }

  it('is asked for once, and drilled when it is there', async () => {
    await using source = await createDatabase(lab, ORDERS)
    await using bucket = await createBucket(lab)
    const id = await dumpLogi(lab, source, bucket)
    await allow('drill', bucket)
    const [key = ''] = await bucket.list('backups/archives/')
    await moveToColdTier(bucket, 'backups/archives/')

    const asleep = await run('verify-drill', bucket, {})
    expect(asleep.error).toContain('verify-drill: BACKUP_UNUSABLE')
    expect(asleep.error).toContain('Set thaw to ask for it.')
    expect(asleep.error).toContain(
      'standard (up to 12 hours, medium price), bulk (up to 48 hours, lowest price)',
    )

    const impossible = await run('verify-drill', bucket, { thaw: 'expedited' })
    expect(impossible.error).toContain('verify-drill: INVALID_INPUT: thaw: expedited is not possible')
    expect(await thawsIn(bucket)).toEqual([])

    const asked = await run('verify-drill', bucket, { thaw: 'bulk' })
    const [record] = await thawsIn(bucket)
    expect(record).toMatchObject({
      thaw: { tier: 'bulk', storageClass: 'DEEP_ARCHIVE' },
      backup: { id, key },
    })
    expect(asked.error).toContain('verify-drill: ARCHIVE_THAWING')
    expect(asked.error).toContain(`Run this again after ${record?.thaw.readyBy}`)
    expect(asked.outputs.verdict).toBe('not-measured')

    await untilThawed(bucket, key)
    const drilled = await run('verify-drill', bucket, { thaw: 'bulk' })
    expect(drilled.error, drilled.log).toBeUndefined()
    expect(drilled.outputs.verdict).toBe('pass')
    expect(await thawsIn(bucket)).toHaveLength(1)
  })

  it('is in the plan of a restore, which is carried out when it is there', async () => {
    await using hosted = await createHosted(lab, ORDERS)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await allow('restore', bucket)
    const [key = ''] = await bucket.list('backups/archives/')
    await moveToColdTier(bucket, 'backups/archives/')
    const restore = (inputs: Record<string, string>) =>
      run('restore-from-s3', bucket, { 'target-url': hosted.url, thaw: 'standard', ...inputs })

    const plan = await restore({ 'dry-run': 'true' })
    expect(plan.error, plan.log).toBeUndefined()
    expect(plan.outputs.outcome).toBe('planned')
    expect(plan.summary).toContain('needs the input thaw')
    expect(plan.summary).toContain('standard (up to 12 hours, medium price)')
    expect(await thawsIn(bucket)).toEqual([])

    const approved = { 'expect-plan': plan.outputs['plan-digest'] ?? '' }
    expect((await restore(approved)).error).toContain('restore-from-s3: ARCHIVE_THAWING')
    expect(await bucket.list('backups/restores/')).toEqual([])

    await untilThawed(bucket, key)
    const restored = await restore(approved)
    expect(restored.error, restored.log).toBeUndefined()
    expect(restored.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
  })
})
