import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseBackupId } from '../../src/core/backup/backup-id.ts'
import { manifestKey, pinKey, retiredKey } from '../../src/core/backup/bucket-layout.ts'
import { type Manifest, renderManifest } from '../../src/core/backup/manifest.ts'
import type { TestBucket } from '../support/bucket.ts'
import { labEnvironment } from '../support/dump.ts'
import { expectContract } from '../support/hostile/contract.ts'
import { HOSTILE_MESSAGE, HOSTILE_TEXTS, MARK } from '../support/hostile/texts.ts'
import { theLab } from '../support/lab.ts'
import { createBucketOf, dailyIds, LOCATION, putBackups, putText } from '../support/retention.ts'
import { runAction } from '../support/runner.ts'
import { MeddlingProxy } from '../support/storage/meddling-proxy.ts'

const lab = theLab()

const prune = (bucket: TestBucket, inputs: Record<string, string> = {}, endpoint = lab.s3.endpoint) =>
  runAction('prune-backups', {
    inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', 'keep-last': '1', ...inputs },
    env: { ...labEnvironment(lab), AWS_ENDPOINT_URL_S3: endpoint, GITHUB_ACTOR: 'octocat' },
  })

/** Three days back and older, so that none counts as fresh from its dump. */
async function withOld(bucket: TestBucket): Promise<readonly Manifest[]> {
  return await putBackups(bucket, dailyIds(6).slice(3))
}

const keyOf = ({ backup }: Manifest) => manifestKey(LOCATION, parseBackupId(backup.id))

describe('prune-backups', () => {
  it.each([
    ['the archive of another backup', (newest: string) => newest],
    ['a path out of its folder', (newest: string) => `backups/archives/logi/../../../${newest}`],
    ['another prefix', () => 'other/archives/logi/keep.dump'],
  ])('deletes nothing for a manifest that names %s', async (_, toKey) => {
    await using bucket = await createBucketOf('unversioned', lab)
    const [newest, , oldest] = await withOld(bucket)
    if (newest === undefined || oldest === undefined) throw new Error('no backups')
    const object = { ...newest.object, key: toKey(newest.object.key) }
    await putText(bucket, keyOf(oldest), renderManifest({ ...oldest, object }))
    const before = await bucket.list('backups/archives/')

    const run = await prune(bucket, { mode: 'apply' })

    expect(run.log).toContain('names an archive elsewhere')
    expect(await bucket.list('backups/archives/')).toEqual(before)
  })

  it('deletes nothing outside its prefix, whatever a listing names', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    const [newest] = await withOld(bucket)
    await putText(bucket, 'other/archives/logi/keep.dump', 'theirs')
    await using proxy = await MeddlingProxy.start(lab.s3.endpoint)
    const version = (key: string) =>
      `<Version><Key>${key}</Key><VersionId>v</VersionId><IsLatest>true</IsLatest><LastModified>2020-01-01T00:00:00Z</LastModified><ETag>"e"</ETag><Size>1</Size></Version>`
    const keys = [
      'other/archives/logi/keep.dump',
      '../keep',
      keyOf(newest as Manifest).replace('backups', 'other'),
    ]
    const body = `<?xml version="1.0"?><ListVersionsResult>${keys.map(version).join('')}<IsTruncated>false</IsTruncated></ListVersionsResult>`
    proxy.meddle({
      method: 'GET',
      path: /versions.*prefix=backups%2Farchives/,
      answer: { status: 200, body },
      times: 99,
    })
    proxy.meddle({
      method: 'GET',
      path: /prefix=backups%2Farchives.*versions/,
      answer: { status: 200, body },
      times: 99,
    })

    await prune(bucket, { mode: 'apply' }, proxy.url)

    const deleted = proxy.seen.filter(({ method }) => method === 'DELETE').map(({ path }) => path)
    expect(deleted.filter(path => !path.startsWith(`/${bucket.name}/backups/`))).toEqual([])
    expect(await bucket.list('other/')).toHaveLength(1)
  })

  it('shows hostile pins, tombstones, drills and manifests as text, and holds back', async () => {
    await using bucket = await createBucketOf('versioned', lab)
    const [newest, middle] = await withOld(bucket)
    if (newest === undefined || middle === undefined) throw new Error('no backups')
    const pin = { backupId: middle.backup.id, database: 'logi', reason: HOSTILE_MESSAGE, by: HOSTILE_MESSAGE }
    const run = { repository: MARK, workflow: MARK, runId: MARK, runAttempt: MARK, commit: MARK }
    const at = '2026-01-01T00:00:00.000Z'
    await putText(
      bucket,
      pinKey(LOCATION, middle.backup.id),
      JSON.stringify({ version: 1, pin: { ...pin, at, until: null }, run }),
    )
    const applied = await prune(bucket, { mode: 'apply' })
    expectContract('prune-backups', applied)
    expect(applied.summary).toContain(MARK)
    expect(await bucket.list('backups/manifests/')).toHaveLength(2)

    for (const [i, text] of HOSTILE_TEXTS.slice(0, 12).entries()) {
      const id = `20200101T0000${String(i).padStart(2, '0')}Z-daily-${randomBytes(4).toString('hex')}`
      const json = JSON.stringify({ version: text, pin: { backupId: text }, retired: text, drill: [text] })
      await putText(bucket, retiredKey(LOCATION, id), json)
      await putText(bucket, `backups/drills/logi/${id.replace('daily-', '')}.json`, json)
      await putText(bucket, `backups/manifests/logi/${id}.json`, json)
    }
    const held = await prune(bucket, { mode: 'apply', unpin: middle.backup.id })
    expectContract('prune-backups', held, 'RETENTION_BLOCKED')
    expect(await bucket.list('backups/manifests/')).toHaveLength(14)
  })
})
