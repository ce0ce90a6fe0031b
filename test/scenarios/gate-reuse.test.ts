import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { expectClosed, putText, removeKey, runGate, USERS } from '../support/gate.ts'
import { theLab } from '../support/lab.ts'

const REUSE = { 'reuse-within': '10m', 'verify-level': 'checksum' }

describe('a backup that the gate reuses', () => {
  it('is named with what going back would lose, and is verified again', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    const first = await runGate(source, bucket)

    const second = await runGate(source, bucket, { inputs: { 'reuse-within': '10m' } })

    expect(second.outputs['backup-id']).toBe(first.outputs['backup-id'])
    expect(second.log).toContain('pg_restore decoded the whole archive')
    expect(second.summary).toContain('This backup was reused')
    expect(await bucket.list('backups/archives/')).toHaveLength(1)
    const third = await runGate(source, bucket, { inputs: { 'reuse-within': '1ms' } })
    expect(third.outputs['backup-id']).not.toBe(first.outputs['backup-id'])
  })

  it('is verified again though a forged gate record says that it was', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    const first = await runGate(source, bucket)
    const [key = ''] = await bucket.list('backups/archives/')
    const [manifestKey = ''] = await bucket.list('backups/manifests/')
    const manifest = JSON.parse((await bucket.read(manifestKey)).toString())
    // The record of the first gate says that it was decoded; the archive is replaced by one of the same size.
    const garbage = 'x'.repeat(manifest.object.bytes)
    await putText(bucket, key, garbage)
    const head = await bucket.client.send(
      new HeadObjectCommand({ Bucket: bucket.name, Key: key, ChecksumMode: 'ENABLED' }),
    )
    const object = { ...manifest.object, etag: head.ETag, versionId: null, checksum: null }
    await putText(bucket, manifestKey, JSON.stringify({ ...manifest, object }))

    const second = await runGate(source, bucket, { inputs: { 'reuse-within': '10m' } })

    expect(first.exitCode).toBe(0)
    expectClosed(second, 'ARCHIVE_CORRUPT')
  })

  it('reads no record of a gate that is older than the backup', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    await runGate(source, bucket)
    const [key = ''] = await bucket.list('backups/gates/')
    const older = key.replace(/[^/]*$/, '20260101T000000Z-0000000a.json')
    await putText(bucket, older, '{')

    const second = await runGate(source, bucket, { inputs: { 'reuse-within': '10m' } })

    expect(second.exitCode, second.log).toBe(0)
    expect(second.annotations.filter(({ message }) => message.includes(older))).toEqual([])
  })

  it('is restored by commands that name the bucket that was asked', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    await runGate(source, bucket)
    const [key = ''] = await bucket.list('backups/manifests/')
    const forged = (await bucket.read(key)).toString().replaceAll(bucket.name, 'bucket-of-mallory')
    await putText(bucket, key, forged)

    const second = await runGate(source, bucket, { inputs: { 'reuse-within': '10m' } })

    expect(second.exitCode, second.log).toBe(0)
    expect(second.outputs['restore-command']).toContain(`s3://${bucket.name}/`)
    expect(second.summary + JSON.stringify(second.outputs)).not.toContain('bucket-of-mallory')
  })

  it('is verified again where the store keeps no checksums', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    const basic = { 's3-compatibility': 'basic' }
    const first = await runGate(source, bucket, { inputs: basic })

    const second = await runGate(source, bucket, { inputs: { ...basic, 'reuse-within': '10m' } })

    expect(second.exitCode, second.log).toBe(0)
    expect(second.outputs['backup-id']).toBe(first.outputs['backup-id'])
  })

  it('is verified whole where the records of earlier gates cannot be read', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    const first = await runGate(source, bucket)
    const [key = ''] = await bucket.list('backups/gates/')
    await putText(bucket, key, '{')
    await putText(bucket, 'backups/gates/logi/README.txt', 'hello')

    const second = await runGate(source, bucket, { inputs: { 'reuse-within': '10m' } })

    expect(second.outputs['backup-id']).toBe(first.outputs['backup-id'])
    expect(second.annotations.map(({ message }) => message).join()).toContain('is skipped')
    expect(second.log).toContain('pg_restore decoded the whole archive')
  })

  it('a backup without row counts is not reused where a drill has to compare rows', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    const first = await runGate(source, bucket, { inputs: { 'verify-level': 'checksum' } })
    const [key = ''] = await bucket.list('backups/manifests/')
    const manifest = JSON.parse((await bucket.read(key)).toString())
    const fingerprint = { ...manifest.fingerprint, level: 'none', tables: [], sequences: [] }
    await putText(bucket, key, JSON.stringify({ ...manifest, fingerprint }))

    const run = await runGate(source, bucket, { inputs: { 'reuse-within': '10m', 'verify-level': 'drill' } })

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs['backup-id']).not.toBe(first.outputs['backup-id'])
  })

  it('is never that of another database under the same name', async () => {
    await using production = await createDatabase(theLab(), USERS)
    await using staging = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    const first = await runGate(staging, bucket, { inputs: REUSE })

    const second = await runGate(production, bucket, { inputs: REUSE })

    expect(second.outputs['backup-id']).not.toBe(first.outputs['backup-id'])
    expect(second.log).toContain(`it is of the database ${staging.name}, and this one is ${production.name}`)
    expect(second.summary).toContain('The rows were not compared with an earlier backup')
  })

  it('tells of migrations that were let through since', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    await runGate(source, bucket, { inputs: REUSE })

    const again = await runGate(source, bucket, { inputs: REUSE })
    const other = await runGate(source, bucket, { inputs: REUSE, env: { GITHUB_RUN_ID: '77' } })

    expect(again.summary).not.toContain('Since this backup')
    expect(other.summary).toMatch(
      /Since this backup the gate has let 2 other deploys through.*20261102_drop_legacy/,
    )
  })
})

describe('rows that are compared', () => {
  it('lost rows keep the gate closed at every attempt, unless they were meant', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    const first = await runGate(source, bucket)
    expect(first.exitCode).toBe(0)
    await source.query('DELETE FROM users WHERE id % 2 = 0')

    for (const _ of ['first', 'again']) {
      const run = await runGate(source, bucket)
      expectClosed(run, 'GATE_IMPLAUSIBLE')
      expect(run.annotations.at(-1)?.message).toContain('users: 1,000 rows before, 500 now')
    }

    // What was refused is no backup, neither for the next gate nor for a restore.
    expect(await bucket.list('backups/manifests/')).toHaveLength(1)
    expect(await bucket.list('backups/archives/')).toHaveLength(1)
    const meant = await runGate(source, bucket, { inputs: { 'expected-drops': 'users' } })
    expect(meant.exitCode).toBe(0)
    expect(meant.summary).toContain(first.outputs['backup-id'])
    expect(meant.summary).toContain('1 table, none lost too many rows; rows 50 % fewer')
  })

  it.each([
    ['50%', 0],
    ['49%', 1],
  ])('may be fewer by max-drop: %s', async (maxDrop, exitCode) => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    await runGate(source, bucket, { inputs: { 'verify-level': 'checksum' } })
    await source.query('DELETE FROM users WHERE id % 2 = 0')

    const run = await runGate(source, bucket, { inputs: { 'verify-level': 'checksum', 'max-drop': maxDrop } })

    expect(run.exitCode).toBe(exitCode)
    expect(run.outputs['verified-level']).toBe(exitCode === 0 ? 'checksum' : 'none')
  })

  it('are those of the tables that a partial restore point holds', async () => {
    await using source = await createDatabase(theLab(), `${USERS} CREATE TABLE other (a int);`)
    await using bucket = await createBucket(theLab())
    await runGate(source, bucket, { inputs: { 'verify-level': 'checksum' } })
    const partial = { tables: 'users', 'verify-level': 'checksum' }

    const same = await runGate(source, bucket, { inputs: partial })
    await source.query('DELETE FROM users')
    const lost = await runGate(source, bucket, { inputs: partial })

    expect(same.outputs['backup-id']).toContain('-partial-')
    expect(same.summary).toContain('This backup is partial')
    expect(same.summary).toContain('1 table, none lost too many rows')
    expectClosed(lost, 'GATE_IMPLAUSIBLE')
  })

  it('are those of an older backup where the last one counted none', async () => {
    await using source = await createDatabase(theLab(), USERS)
    await using bucket = await createBucket(theLab())
    const counted = await runGate(source, bucket, { inputs: { 'verify-level': 'checksum' } })
    const [key = ''] = await bucket.list('backups/manifests/')
    const manifest = JSON.parse((await bucket.read(key)).toString())
    // As dump-to-s3 with fingerprint: none writes it, a moment later.
    const snapshotAt = new Date(Date.parse(manifest.backup.snapshotAt) + 1).toISOString()
    const id = counted.outputs['backup-id']?.replace(/[0-9a-f]{8}$/, 'ffffffff')
    const uncounted = {
      ...manifest,
      backup: { ...manifest.backup, id, snapshotAt },
      object: { ...manifest.object, key: manifest.object.key.replace(/[0-9a-f]{8}(?=\.dump$)/, 'ffffffff') },
      fingerprint: { ...manifest.fingerprint, level: 'none', tables: [], sequences: [], objects: null },
    }
    await putText(bucket, key.replace(/[0-9a-f]{8}\.json$/, 'ffffffff.json'), JSON.stringify(uncounted))

    const older = await runGate(source, bucket, { inputs: { 'verify-level': 'checksum' } })
    expect(older.summary).toContain(`Compared with`)
    expect(older.summary).toContain(counted.outputs['backup-id'])

    for (const other of await bucket.list('backups/manifests/'))
      if (!other.endsWith('ffffffff.json')) await removeKey(bucket, other)
    const none = await runGate(source, bucket, { inputs: { 'verify-level': 'checksum' } })
    expect(none.exitCode).toBe(0)
    expect(none.summary).toMatch(/The rows were not compared with an earlier backup.*counted no rows/)
  })
})
