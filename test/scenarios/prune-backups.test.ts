import { readFileSync } from 'node:fs'
import {
  DeleteObjectCommand,
  PutBucketPolicyCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { parseBackupId } from '../../src/core/backup/backup-id.ts'
import { manifestKey } from '../../src/core/backup/bucket-layout.ts'
import type { TestBucket } from '../support/bucket.ts'
import { labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { createBucketOf, dailyIds, LOCATION, putBackups, putDrill, putText } from '../support/retention.ts'
import { runAction } from '../support/runner.ts'

const lab = theLab()

function runPrune(bucket: TestBucket, inputs: Record<string, string>, env: Record<string, string> = {}) {
  return runAction('prune-backups', {
    inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', 'keep-last': '3', ...inputs },
    env: { ...labEnvironment(lab), GITHUB_ACTOR: 'octocat', ...env },
  })
}

const titles = ({ annotations }: { annotations: readonly { title: string }[] }) =>
  annotations.map(({ title }) => title)

const manifestOf = (id: string) => manifestKey(LOCATION, parseBackupId(id))

describe('prune-backups', () => {
  it('plans without changing anything, and carries out exactly that plan', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    // Three days back and older, so that none of them counts as fresh from its dump.
    const ids = dailyIds(9).slice(3)
    await putBackups(bucket, ids)

    const planned = await runPrune(bucket, {})
    expect(planned).toMatchObject({ exitCode: 0, outputs: { due: '3', deleted: '0', kept: '3' } })
    expect(await bucket.list('backups/manifests/')).toHaveLength(6)
    for (const id of ids) expect(planned.summary).toContain(id)

    const other = await runPrune(bucket, {
      mode: 'apply',
      'expect-plan': planned.outputs['plan-digest'] ?? '',
      'keep-last': '2',
    })
    expect(titles(other)).toEqual(['prune-backups: PLAN_CHANGED'])
    expect(await bucket.list('backups/manifests/')).toHaveLength(6)

    const applied = await runPrune(bucket, {
      mode: 'apply',
      'expect-plan': planned.outputs['plan-digest'] ?? '',
    })
    expect(applied).toMatchObject({ exitCode: 0, outputs: { deleted: '3', due: '0' } })
    expect(await bucket.list('backups/manifests/')).toEqual(ids.slice(0, 3).map(manifestOf).toSorted())
    expect(applied.leftFiles).toEqual([])
  })

  it('deletes at most max-delete, the oldest first', async () => {
    await using bucket = await createBucketOf('unversioned', lab)
    const ids = dailyIds(9).slice(3)
    await putBackups(bucket, ids)
    const applied = await runPrune(bucket, { mode: 'apply', 'max-delete': '2' })
    expect(applied.outputs).toMatchObject({ deleted: '2', due: '1' })
    expect(await bucket.list('backups/manifests/')).toEqual(ids.slice(0, 4).map(manifestOf).toSorted())
  })

  it('keeps a pinned backup until its pin is removed', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    const ids = dailyIds(8).slice(3)
    await putBackups(bucket, ids)
    const [oldest = ''] = ids.slice(-1)
    const pin = { pin: oldest, 'pin-reason': 'audit of 2026', 'pin-until': '2999-01-31' }
    const pinned = await runPrune(bucket, { mode: 'apply', ...pin })
    expect(pinned.outputs).toMatchObject({ deleted: '1', kept: '4' })
    expect(pinned.summary).toContain('pinned by octocat until 2999-01-31: audit of 2026')

    const unpinned = await runPrune(bucket, { mode: 'apply', unpin: oldest })
    expect(unpinned.outputs).toMatchObject({ deleted: '1', kept: '3' })
    const again = await runPrune(bucket, { unpin: oldest })
    expect(titles(again)).toEqual(['prune-backups: INVALID_INPUT'])
  })

  it('keeps what a restore or a thaw names, in any field', async () => {
    await using bucket = await createBucketOf('unversioned', lab)
    const ids = dailyIds(9).slice(3)
    await putBackups(bucket, ids)
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
    await putText(bucket, `backups/restores/logi/${stamp}-1a2b3c4d.json`, `{"safetyBackup":"${ids.at(-1)}"}`)
    await putText(bucket, 'backups/gates/logi/20200101T000000Z-1a2b3c4d.json', `{"id":"${ids.at(-2)}"}`)
    await putText(bucket, `backups/thaws/logi/${stamp}-1a2b3c4d.json`, `{"id":"${ids.at(-3)}"}`)
    const planned = await runPrune(bucket, {})
    expect(planned.outputs).toMatchObject({ due: '1', kept: '5' })
    expect(planned.summary).toContain('named by backups/restores/logi/')
  })

  it('believes a drill only for the same bytes, and deletes nothing while drills fail', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    const manifests = await putBackups(bucket, dailyIds(8).slice(3))
    const [newest] = manifests
    if (newest === undefined) throw new Error('the newest backup is there')
    await putDrill(bucket, newest, 'pass', { sha256: 'f'.repeat(64) })
    expect((await runPrune(bucket, {})).outputs).toMatchObject({ due: '0', kept: '5' })
    await putDrill(bucket, newest, 'pass')
    // The proven one is counted apart from the copies, of which three are kept.
    expect((await runPrune(bucket, {})).outputs).toMatchObject({ due: '1', kept: '4' })
  })

  it('lists what Object Lock holds until when, and deletes the rest', async () => {
    await using bucket = await createBucketOf('locked', lab)
    const ids = dailyIds(9).slice(3)
    const manifests = await putBackups(bucket, ids)
    const [oldest, second] = [manifests.at(-1), manifests.at(-2)]
    const until = new Date(Date.now() + 3_600_000)
    const Bucket = bucket.name
    const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: until } as const
    await bucket.client.send(new PutObjectRetentionCommand({ Bucket, Key: oldest?.object.key, Retention }))
    const hold = (Status: 'ON' | 'OFF') =>
      bucket.client.send(
        new PutObjectLegalHoldCommand({ Bucket, Key: second?.object.key, LegalHold: { Status } }),
      )
    await hold('ON')

    const applied = await runPrune(bucket, { mode: 'apply', 'max-delete': '1' })
    expect(applied).toMatchObject({ exitCode: 0, outputs: { deleted: '1', waiting: '2', due: '0' } })
    expect(applied.summary).toContain(`locked until ${until.toISOString().slice(0, 16)}`)
    expect(applied.summary).toContain('legal hold')
    expect(await bucket.list('backups/manifests/')).toHaveLength(5)

    await hold('OFF')
    expect((await runPrune(bucket, { mode: 'apply' })).outputs).toMatchObject({ deleted: '1', waiting: '1' })
  })

  it('finishes what an interrupted run left', async () => {
    await using bucket = await createBucketOf('unversioned', lab)
    const ids = dailyIds(7).slice(3)
    const manifests = await putBackups(bucket, ids)
    const [oldest = ''] = ids.slice(-1)
    await putText(bucket, `backups/retired/logi/${oldest}.json`, '{}')
    await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: manifestOf(oldest) }))
    const applied = await runPrune(bucket, { mode: 'apply' })
    expect(applied.outputs).toMatchObject({ deleted: '1' })
    expect(await bucket.list('backups/archives/')).not.toContain(manifests.at(-1)?.object.key)
  })

  it('deletes nothing while a manifest cannot be read', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    const ids = dailyIds(8).slice(3)
    await putBackups(bucket, ids)
    const [foreign = ''] = dailyIds(1, 'manual')
    await putText(bucket, manifestOf(foreign), '{}')
    const applied = await runPrune(bucket, { mode: 'apply' })
    expect(applied.exitCode).toBe(1)
    expect(titles(applied)).toEqual(['prune-backups: RETENTION_BLOCKED'])
    expect(await bucket.list('backups/manifests/')).toHaveLength(6)
  })

  it('takes a manifest with another size of archive for evidence, and deletes neither', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    const manifests = await putBackups(bucket, dailyIds(8).slice(3))
    await putText(bucket, manifests.at(-1)?.object.key ?? '', 'replaced by somebody')
    const planned = await runPrune(bucket, {})
    expect(planned.outputs).toMatchObject({ due: '1', kept: '4' })
    expect(planned.summary).toContain('evidence: the store has versions of it that differ')
  })

  it.each([
    [{ 'keep-last': '' }, 'keep-daily: is empty, and so are all keep- inputs'],
    [{ 'keep-last': '0' }, 'keep-last: got "0", expected a whole number from 1 to 100000, or unlimited'],
    [{ pin: '20261123T031500Z-daily-1a2b3c4d' }, 'pin-reason: is required with pin'],
    [{ 'pin-until': '2027-02-30' }, 'pin-until: got "2027-02-30", expected a day such as 2027-01-31'],
    [{ 'time-zone': 'Mars' }, 'time-zone: got "Mars", expected a time zone such as UTC'],
    [{ mode: 'delete' }, 'mode: got "delete", expected "plan", "apply"'],
  ])('refuses %j before it looks at the bucket', async (inputs, message) => {
    await using bucket = await createBucketOf('unversioned', lab)
    const refused = await runPrune(bucket, inputs)
    expect(titles(refused)).toEqual(['prune-backups: INVALID_INPUT'])
    expect(refused.log).toContain(message)
  })

  it('works with the rights of the example, and with no others', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    await putBackups(bucket, dailyIds(8).slice(3))
    const text = readFileSync('examples/aws-oidc/retention-policy.json', 'utf8')
    const policy = JSON.parse(
      text
        .replaceAll('example-backups/', `${bucket.name}/backups/`)
        .replaceAll('example-backups', bucket.name),
    )
    const Statement = policy.Statement.map((one: object) => ({ ...one, Principal: { AWS: ['*'] } }))
    const Policy = JSON.stringify({ ...policy, Statement })
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
    const keys = {
      AWS_ACCESS_KEY_ID: lab.s3.stranger.accessKeyId,
      AWS_SECRET_ACCESS_KEY: lab.s3.stranger.secretAccessKey,
    }
    const applied = await runPrune(bucket, { mode: 'apply' }, keys)
    expect(applied.outputs, applied.log).toMatchObject({ deleted: '2', kept: '3' })
    expect(applied.log).not.toMatch(/denied/i)
  })
})
