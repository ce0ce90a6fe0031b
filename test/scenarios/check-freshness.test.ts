import { DeleteObjectCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const TABLE = 'CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 10)'

describe('check-freshness', () => {
  const lab = theLab()

  function check(bucket: TestBucket, inputs: Record<string, string>): Promise<ActionRun> {
    return runAction('check-freshness', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: labEnvironment(lab),
    })
  }

  async function backedUp(bucket: TestBucket, inputs: Record<string, string> = {}): Promise<void> {
    await using source = await createDatabase(lab, TABLE)
    const options = dumpOptions(lab, source, bucket, { inputs: { database: 'logi', ...inputs } })
    expect((await runAction('dump-to-s3', options)).exitCode).toBe(0)
  }

  const put = (bucket: TestBucket, Key: string, Body: string) =>
    bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }))

  it('passes for a young backup and a young drill, and fails when either is too old', async () => {
    await using bucket = await createBucket(lab)
    await backedUp(bucket)
    const destination = { destination: `s3://${bucket.name}/backups`, database: 'logi' }
    const drill = await runAction('verify-drill', { inputs: destination, env: labEnvironment(lab) })
    expect(drill.exitCode).toBe(0)

    const fresh = await check(bucket, { 'drill-max-age': '1h' })
    expect(fresh).toMatchObject({ exitCode: 0, outputs: { fresh: 'true' } })
    expect(Number(fresh.outputs['backup-age-seconds'])).toBeLessThan(120)
    expect(fresh.outputs['drill-id']).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/)

    const stale = await check(bucket, { 'backup-max-age': '1ms', 'drill-max-age': '1ms' })
    expect(stale).toMatchObject({ exitCode: 1, outputs: { fresh: 'false' } })
    const [error] = stale.annotations
    expect(error?.title).toBe('check-freshness: STALE')
    expect(error?.message).toContain('The newest full backup')
    expect(error?.message).toContain('The newest passed drill')
    expect(stale.summary).toContain('❌ Not fresh: logi')
  })

  it('does not count partial backups, nor failed or damaged drills', async () => {
    await using bucket = await createBucket(lab)
    await backedUp(bucket, { tables: 'users' })
    await put(bucket, 'backups/drills/logi/20261123T000000Z-00000000.json', '{}')
    const run = await check(bucket, { 'drill-max-age': '35d' })
    expect(run.exitCode).toBe(1)
    expect(run.log).toContain('There is no full backup at all')
    expect(run.log).toContain('There is no passed drill at all')
    expect(run.log).toMatch(/It is skipped|Trying the backup before it/)
  })

  it('does not take for fresh what claims to be from the future', async () => {
    await using bucket = await createBucket(lab)
    await backedUp(bucket)
    const [key = ''] = await bucket.list('backups/manifests/')
    const manifest = (await bucket.read(key)).toString()
    const shown = /"snapshotAt":\s*"([^"]+)"/.exec(manifest)?.[1] ?? ''
    await put(bucket, key, manifest.replaceAll(shown, shown.replace(/^\d{4}/, '2099')))
    const run = await check(bucket, {})
    expect(run.exitCode).toBe(1)
    expect(run.log).toContain('clocks disagree')
  })

  it('counts only the listed kinds, so a gate cannot mask a dead schedule', async () => {
    await using bucket = await createBucket(lab)
    await backedUp(bucket, { kind: 'pre-migration' })
    expect(await check(bucket, {})).toMatchObject({ exitCode: 0 })
    const run = await check(bucket, { kinds: 'daily' })
    expect(run.exitCode).toBe(1)
    expect(run.log).toContain('There is no daily backup at all')

    await backedUp(bucket, { kind: 'daily' })
    const fresh = await check(bucket, { kinds: 'daily\nmanual' })
    expect(fresh.exitCode, fresh.log).toBe(0)
    expect(fresh.outputs['backup-id']).toContain('-daily-')
    expect(fresh.summary).toContain('Newest daily or manual backup')

    const wrong = await check(bucket, { kinds: 'daily\nsafety\nweekly' })
    expect(wrong.log).toContain('kinds: got "safety", "weekly", expected one per line of daily, manual')
  })

  it('is not fresh without its archive, or with another in its place', async () => {
    await using bucket = await createBucket(lab)
    await backedUp(bucket)
    const [archive = ''] = await bucket.list('backups/archives/')
    await put(bucket, archive, 'something else')
    const replaced = await check(bucket, {})
    expect(replaced).toMatchObject({ exitCode: 1, outputs: { fresh: 'false' } })
    expect(replaced.log).toMatch(/was replaced: .* has 14 bytes\. Expected \d+/)

    await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: archive }))
    const gone = await check(bucket, {})
    expect(gone.annotations.map(({ title }) => title)).toEqual(['check-freshness: STALE'])
    expect(gone.log).toContain(
      `The archive of the newest full backup, s3://${bucket.name}/${archive}, is gone`,
    )
    expect(gone.summary).toContain('is gone')
  })

  it('says that it may not look at the archive, and judges by the manifest', async () => {
    await using bucket = await createBucket(lab)
    await backedUp(bucket)
    const Resource = ['manifests', 'drills'].map(part => `arn:aws:s3:::${bucket.name}/backups/${part}/*`)
    const Statement = [
      { Action: 's3:ListBucket', Resource: `arn:aws:s3:::${bucket.name}` },
      { Action: 's3:GetObject', Resource },
    ].map(statement => ({ ...statement, Effect: 'Allow', Principal: { AWS: ['*'] } }))
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
    const run = await runAction('check-freshness', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi' },
      env: {
        ...labEnvironment(lab),
        AWS_ACCESS_KEY_ID: lab.s3.stranger.accessKeyId,
        AWS_SECRET_ACCESS_KEY: lab.s3.stranger.secretAccessKey,
      },
    })
    expect(run).toMatchObject({ exitCode: 0, outputs: { fresh: 'true' } })
    expect(run.annotations).toMatchObject([{ level: 'warning' }])
    expect(run.log).toContain('(s3:GetObject on archives/)')
  })

  it('says what the store refuses, instead of calling it old', async () => {
    await using bucket = await createBucket(lab)
    const run = await runAction('check-freshness', {
      inputs: { destination: `s3://${bucket.name}`, database: 'logi' },
      env: {
        ...labEnvironment(lab),
        AWS_ACCESS_KEY_ID: lab.s3.stranger.accessKeyId,
        AWS_SECRET_ACCESS_KEY: lab.s3.stranger.secretAccessKey,
      },
    })
    expect(run.annotations.map(({ title }) => title)).toEqual(['check-freshness: STORE_DENIED'])
  })

  it('refuses to check nothing', async () => {
    await using bucket = await createBucket(lab)
    const run = await check(bucket, { 'backup-max-age': '' })
    expect(run.log).toContain('nothing would be checked')
  })
})
