import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { parseDrillRecord } from '../../src/core/drill/drill-record.ts'
import { MIB } from '../../src/core/text/bytes.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { createWorkplace } from '../support/runner/workplace.ts'
import { type ActionOptions, type ActionRun, runAction } from '../support/runner.ts'
import { readBackup, replaceArchive } from '../support/tamper.ts'

const LOGI = `
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL UNIQUE, created_at timestamptz NOT NULL);
  INSERT INTO users (email, created_at) SELECT 'user' || i || '@example.com', now() - i * interval '1 minute' FROM generate_series(0, 999) AS i;
  CREATE TABLE links (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int NOT NULL REFERENCES users, provider text);
  INSERT INTO links (user_id, provider) SELECT i, 'google' FROM generate_series(1, 500) AS i;
  CREATE INDEX ON links (provider);
  CREATE EXTENSION citext;`

describe('verify-drill', () => {
  const lab = theLab()

  /** Dumps the source, then holds a drill of it. */
  async function drillOf(
    source: TestDatabase,
    bucket: TestBucket,
    options: ActionOptions = {},
    dump: Record<string, string> = {},
  ): Promise<ActionRun> {
    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { database: 'logi', ...dump } }),
    )
    expect(dumped.exitCode).toBe(0)
    return drill(bucket, options)
  }

  async function drill(
    bucket: TestBucket,
    { inputs = {}, env = {}, ...others }: ActionOptions = {},
  ): Promise<ActionRun> {
    return runAction('verify-drill', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: { ...labEnvironment(lab), ...env },
      ...others,
    })
  }

  async function readRecord(bucket: TestBucket) {
    const key = (await bucket.list('backups/drills/logi/')).at(-1) ?? ''
    return parseDrillRecord((await bucket.read(key)).toString(), key)
  }

  it('passes for a good backup, and leaves a record and nothing else', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)

    const run = await drillOf(source, bucket, {}, { fingerprint: 'content' })

    expect(run.log).toContain('checks pass')
    expect(run.outputs).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
    expect(run.exitCode).toBe(0)
    const record = await readRecord(bucket)
    expect(record.drill.verdict).toBe('pass')
    expect(record.checks.filter(({ verdict }) => verdict === 'fail')).toEqual([])
    expect(record.durations.restoreMs).toBeGreaterThan(0)
    expect(run.leftProcesses).toEqual([])
    expect(run.leftFiles).toEqual([])
  })

  it('judges by the criteria file', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)
    const file = join(import.meta.dirname, `criteria-${process.pid}.yml`)
    await writeFile(
      file,
      `checks:
  - name: users
    table: users
    tolerance: 5%
  - name: last sign-up
    newest: users.created_at
    within: 1h
  - name: nobody is called root
    query: SELECT 1 FROM users WHERE email = 'root'
    empty: true
  - name: too many links wanted
    query: SELECT count(*) FROM links
    min: 501
  - name: citext
    extension: citext
`,
    )
    const run = await drillOf(source, bucket, { inputs: { criteria: file } })
    const { rm } = await import('node:fs/promises')
    await rm(file)

    expect(run.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'too many links wanted' })
    expect(run.exitCode).toBe(1)
    expect(run.annotations.at(-1)?.title).toBe('verify-drill: DRILL_FAILED')
    expect(run.summary).toContain('too many links wanted')
  })

  it('names fifty failed checks, and how many there are besides', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)
    const file = join(createWorkplace().workspace, 'criteria.yml')
    const checks = Array.from({ length: 60 }, (_, i) => ({
      name: `check ${i}`,
      query: 'SELECT 1',
      empty: true,
    }))
    await writeFile(file, JSON.stringify({ checks }))
    const run = await drillOf(source, bucket, { inputs: { criteria: file } })
    const names = run.outputs['failed-checks']?.split('\n') ?? []
    expect(names).toHaveLength(51)
    expect(names.slice(-2)).toEqual(['check 49', '… and 10 more'])
  })

  it('runs the smoke command with the restored database in DATABASE_URL', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)

    const run = await drillOf(source, bucket, {
      inputs: {
        'smoke-command':
          'test "$(psql -XAtc "SELECT count(*) FROM users" "$DATABASE_URL")" = 1000 && echo all 1000 users are here',
      },
    })

    expect(run.log).toContain('all 1000 users are here')
    expect(run.outputs.verdict).toBe('pass')
    const failing = await drill(bucket, { inputs: { 'smoke-command': 'echo broken; exit 3' } })
    expect(failing.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'smoke command' })
  })

  it.each([
    [
      'a byte was changed',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 5000 ? byte ^ 1 : byte))),
    ],
    ['it was cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
    ['it was swapped', () => Buffer.from('another archive')],
  ])('fails when the archive was tampered with: %s', async (_, tamper) => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)
    await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: { database: 'logi' } }))
    const [Key = ''] = await bucket.list('backups/archives/')
    await bucket.client.send(
      new PutObjectCommand({ Bucket: bucket.name, Key, Body: tamper(await bucket.read(Key)) }),
    )

    const run = await drill(bucket)

    expect(run.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'archive', 'recovery-seconds': '' })
    expect(run.log).toContain('ARCHIVE_CORRUPT')
    expect(run.log).not.toContain('##[group]Restore')
    expect((await readRecord(bucket)).drill.verdict).toBe('fail')
    expect(run.leftFiles).toEqual([])
  })

  it('fails when the server refuses what the archive holds, and names the entry', async () => {
    await using source = await createDatabase(
      lab,
      `CREATE TABLE limits (most int); INSERT INTO limits VALUES (5);
       CREATE FUNCTION within_limits(n int) RETURNS boolean LANGUAGE sql AS 'SELECT n <= coalesce((SELECT max(most) FROM public.limits), 0)';
       CREATE TABLE amounts (n int CONSTRAINT not_too_many CHECK (within_limits(n))); INSERT INTO amounts VALUES (3);
       UPDATE limits SET most = 1`,
    )
    await using bucket = await createBucket(lab)

    const run = await drillOf(source, bucket, { inputs: { jobs: '2' } })

    expect(run.outputs, run.log).toMatchObject({
      verdict: 'fail',
      'failed-checks': 'restore',
      'recovery-seconds': '',
    })
    const [failed] = (await readRecord(bucket)).checks.filter(({ verdict }) => verdict === 'fail')
    expect(failed?.found).toMatch(/TABLE DATA (public )?amounts/)
    expect(failed?.found).toContain('not_too_many')
  })

  it.each(['1', '4'])('fails when the archive was cut short and its manifest fits, jobs %s', async jobs => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)
    await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: { database: 'logi' } }))
    const good = await readBackup(bucket)
    await replaceArchive(bucket, good, good.archive.subarray(0, good.archive.length - 2000))

    // A worker of several may only say that it died, which proves nothing about the archive.
    const run = await drill(bucket, { inputs: { jobs } })

    expect(run.outputs, run.log).toMatchObject({ verdict: 'fail', 'failed-checks': 'archive' })
    expect(run.log).toContain('every part has the SHA-256 of the manifest')
    expect(run.log).toMatch(
      /RESTORE_FAILED: pg_restore ended with exit code 1: .*(end of file|corrupt|could not)/,
    )
  })

  it('restores values of 100 MB in bounded memory', async () => {
    await using source = await createDatabase(
      lab,
      `CREATE TABLE huge (id int, bytes bytea STORAGE EXTERNAL);
       INSERT INTO huge SELECT 1, decode(repeat('00ff5c0a', ${(100 * MIB) / 4}), 'hex');
       SELECT lo_from_bytea(4711, bytes) FROM huge`,
    )
    await using bucket = await createBucket(lab)

    const run = await drillOf(source, bucket, {}, { fingerprint: 'content' })

    expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
    expect(run.peakRssBytes).toBeLessThan(250 * MIB)
  }, 300_000)

  it('shows in the record and the summary that a newer backup was skipped', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)
    await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: { database: 'logi' } }))
    const newer = 'backups/manifests/logi/20991231T235959Z-daily-1a2b3c4d.json'
    await bucket.client.send(
      new PutObjectCommand({ Bucket: bucket.name, Key: newer, Body: '{"version": 2}' }),
    )

    const run = await drill(bucket)

    expect(run.outputs.verdict, run.log).toBe('pass')
    const { checks } = await readRecord(bucket)
    expect(checks.find(({ name }) => name === 'newer backup')).toMatchObject({
      verdict: 'not-measured',
      found: expect.stringContaining('20991231T235959Z-daily-1a2b3c4d.json cannot be read'),
    })
    expect(run.summary.indexOf('newer backup')).toBeGreaterThan(0)
    expect(run.summary.indexOf('newer backup')).toBeLessThan(run.summary.indexOf('SHA-256'))
  })

  it('calls no backup lost that pg_restore cannot take, nor chooses it as the latest', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)
    await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, {
        inputs: { database: 'logi', format: 'plain', compression: 'none' },
      }),
    )
    const { manifest } = await readBackup(bucket)

    const run = await drill(bucket, { inputs: { backup: manifest.backup.id } })

    expect(run.annotations.at(-1)?.title, run.log).toBe('verify-drill: BACKUP_UNUSABLE')
    expect(run.outputs.verdict).toBe('not-measured')
    const latest = await drill(bucket)
    expect(latest.annotations.at(-1)?.title).toBe('verify-drill: BACKUP_NOT_FOUND')
  })

  it('does not pass when there was nothing to compare', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)

    const run = await drillOf(source, bucket, {}, { fingerprint: 'none' })

    expect(run.outputs.verdict).toBe('not-measured')
    expect(run.annotations.at(-1)?.title).toBe('verify-drill: DRILL_NOT_MEASURED')
  })

  it('says what there is when the backup asked for is not there', async () => {
    await using bucket = await createBucket(lab)

    const run = await drill(bucket)

    expect(run.annotations.at(-1)?.title).toBe('verify-drill: BACKUP_NOT_FOUND')
    expect(run.annotations.at(-1)?.message).toContain('it holds no backup at all')
  })

  it('fails when the newest backup is too old', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)

    const run = await drillOf(source, bucket, { inputs: { 'max-age': '1ms' } })

    expect(run.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'age of the backup' })
  })
})
