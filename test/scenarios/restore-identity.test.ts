import { PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const lab = theLab()
const STAGING = `CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'staging')`
const PRODUCTION = `CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'production')`

async function wordOf({ url }: HostedDatabase): Promise<string> {
  return await withClient(url, async client => {
    const { rows } = await client.query<{ w: string }>('SELECT w FROM t')
    return rows[0]?.w ?? ''
  })
}

function messageOf({ annotations }: ActionRun): string {
  return annotations.findLast(({ level }) => level === 'error')?.message ?? ''
}

describe('a backup of another database', () => {
  let systemIdentifier = ''
  beforeAll(async () => {
    await using hosted = await createHosted(lab, '')
    systemIdentifier = await withClient(hosted.url, async client => {
      const { rows } = await client.query<{ id: string }>(
        'SELECT system_identifier::text AS id FROM pg_control_system()',
      )
      return rows[0]?.id ?? ''
    })
  })

  it.each(['overwrite', 'swap'])('replaces nothing in mode %s until its source is confirmed', async mode => {
    await using staging = await createHosted(lab, STAGING)
    await using production = await createHosted(lab, PRODUCTION)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, staging, bucket)
    const options = (inputs: Record<string, string>) =>
      restoreOptions(lab, production, bucket, { mode, ...inputs })

    const refused = await runAction('restore-from-s3', options({}))
    expect(refused.exitCode).toBe(1)
    expect(refused.annotations.at(-1)?.title).toBe('restore-from-s3: TARGET_UNFIT')
    expect(messageOf(refused)).toContain(`${staging.name} of system ${systemIdentifier}`)
    expect(messageOf(refused)).toContain(`confirm-source: ${staging.name}`)
    const wrong = await runAction('restore-from-s3', options({ 'confirm-source': 'another' }))
    expect(wrong.exitCode).toBe(1)
    expect(messageOf(wrong)).toContain('confirm-source names another')
    expect(await wordOf(production)).toBe('production')

    const run = await runAction('restore-from-s3', options({ 'confirm-source': staging.name }))
    expect(run.exitCode, run.log).toBe(0)
    expect(await wordOf(production)).toBe('staging')
  })

  it('goes into a new database, and the plan says whose it is', async () => {
    await using staging = await createHosted(lab, STAGING)
    await using production = await createHosted(lab, PRODUCTION)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, staging, bucket)
    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, production, bucket, { 'dry-run': 'true' }),
    )
    expect(run.exitCode, run.log).toBe(0)
    expect(run.summary).toContain(`${staging.name} of system ${systemIdentifier}`)
    expect(run.annotations.map(({ message }) => message).join()).toContain('of another database')
  })
})

describe('an approved plan', () => {
  it('is what is restored, and nothing else', async () => {
    await using production = await createHosted(lab, PRODUCTION)
    await using bucket = await createBucket(lab)
    const backup = await dumpLogi(lab, production, bucket)
    const options = (inputs: Record<string, string>) =>
      restoreOptions(lab, production, bucket, { backup, mode: 'overwrite', ...inputs })
    const plan = await runAction('restore-from-s3', options({ 'dry-run': 'true' }))
    const digest = plan.outputs['plan-digest'] ?? ''
    expect(plan.exitCode, plan.log).toBe(0)
    expect(plan.summary).toContain(digest)

    const other = await runAction('restore-from-s3', options({ 'expect-plan': digest, mode: 'swap' }))
    expect(other.annotations.at(-1)?.title).toBe('restore-from-s3: PLAN_CHANGED')
    const Key = `backups/manifests/logi/${backup}.json`
    // A field that this version does not read.
    const manifest = (await bucket.read(Key)).toString().replace('{', '{"later": 1,')
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: manifest }))
    const changed = await runAction('restore-from-s3', options({ 'expect-plan': digest }))
    expect(changed.annotations.at(-1)?.title).toBe('restore-from-s3: PLAN_CHANGED')
    expect(changed.outputs['restored-to'] ?? '').toBe('')

    const again = await runAction('restore-from-s3', options({ 'dry-run': 'true' }))
    const run = await runAction(
      'restore-from-s3',
      options({ 'expect-plan': again.outputs['plan-digest'] ?? '' }),
    )
    expect(run.exitCode, run.log).toBe(0)
  })
})
