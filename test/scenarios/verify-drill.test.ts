import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { parseDrillRecord } from '../../src/core/drill-record.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { createWorkplace } from '../support/runner/workplace.ts'
import { type ActionOptions, type ActionRun, runAction } from '../support/runner.ts'

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

  it('restores on a given server as well, and drops its database', async () => {
    await using source = await createDatabase(lab, LOGI)
    await using bucket = await createBucket(lab)
    const before = await source.query('SELECT datname FROM pg_database ORDER BY 1')

    const run = await drillOf(source, bucket, { inputs: { 'scratch-url': source.url } })

    expect(run.outputs.verdict).toBe('pass')
    expect(await source.query("SELECT datname FROM pg_database WHERE datname LIKE 'pg_runbook%'")).toEqual([])
    expect(before.length).toBeGreaterThan(0)
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

    expect(run.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'restore', 'rto-seconds': '' })
    expect(run.log).toContain('ARCHIVE_CORRUPT')
    expect(run.log).not.toContain('Scratch server')
    expect((await readRecord(bucket)).drill.verdict).toBe('fail')
    expect(run.leftFiles).toEqual([])
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
