import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/core/backup/manifest.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, databaseUrl, type TestDatabase, withClient } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest, stockRestore } from '../support/restore.ts'
import { type ActionRun, runAction, type StartedAction, startAction } from '../support/runner.ts'

/**
 * Slow enough to be caught in the middle: a level of compression that takes its time over a few dozen
 * megabytes.
 */
const SLOW = { compression: 'zstd:19' }
const MANY_ROWS = `
  CREATE TABLE events (id bigserial PRIMARY KEY, token text, created_at timestamptz);
  INSERT INTO events (token, created_at)
    SELECT md5(i::text) || md5((i * 7)::text), '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 second' FROM generate_series(1, 600000) AS i;`

/** What a failed dump must leave: one error that says what to do, and nothing anywhere. */
async function expectNothingLeft(run: ActionRun, bucket: TestBucket, code: string): Promise<void> {
  const errors = run.annotations.filter(({ level }) => level === 'error')
  expect(errors.map(({ title }) => title)).toEqual([`dump-to-s3: ${code}`])
  expect(run.exitCode).toBe(1)
  expect(run.outputs).toEqual({})
  expect(run.log).not.toContain('    at ')
  expect(run.leftProcesses).toEqual([])
  expect(run.leftFiles).toEqual([])
  await expectEmpty(bucket)
}

async function expectEmpty(bucket: TestBucket): Promise<void> {
  expect(await bucket.list()).toEqual([])
  expect(await bucket.listMultipartUploads()).toEqual([])
}

/** The process id of the pg_dump that this action runs. */
async function pgDumpOf(action: StartedAction): Promise<number> {
  for (let i = 0; i < 200; i += 1) {
    const found = action
      .processes()
      .find(({ program, args }) => program === 'pg_dump' && args.some(arg => arg.startsWith('--snapshot')))
    if (found !== undefined) return found.pid
    await sleep(50)
  }
  throw new Error('pg_dump did not start')
}

async function untilUploading(bucket: TestBucket): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if ((await bucket.listMultipartUploads()).length > 0) return
    await sleep(50)
  }
  throw new Error('No upload was begun')
}

/** A role that may log in and nothing else, dropped with what it was granted. */
async function createRole(
  database: TestDatabase,
  attributes = '',
): Promise<{ user: string; password: string; drop(): Promise<void> }> {
  const user = `role_${randomBytes(4).toString('hex')}`
  const password = randomBytes(8).toString('hex')
  await database.query(`CREATE ROLE ${user} LOGIN ${attributes} PASSWORD '${password}'`)
  return {
    user,
    password,
    drop: async () => void (await database.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`)),
  }
}

describe('dump-to-s3 under faults', () => {
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

  it('makes a good backup when S3 is away for 30 s', async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using target = await createDatabase(lab)
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
    const action = startAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } }),
    )
    await untilUploading(bucket)
    proxy.refuse()
    await sleep(30_000)
    proxy.resume()

    const run = await action.finished

    expect(run.log).toContain('trying again')
    expect(run.exitCode).toBe(0)
    const [archive = '', manifestKey = ''] = await bucket.list()
    expect(
      parseManifest((await bucket.read(manifestKey)).toString(), manifestKey).fingerprint.tables[0]?.rows,
    ).toBe(600_000)
    await stockRestore(lab, await bucket.read(archive), target.url)
    expect(await databaseDigest(lab, target.url)).toBe(await databaseDigest(lab, source.url))
    expect(await bucket.listMultipartUploads()).toEqual([])
  }, 120_000)

  it('goes on after server errors of the store in every phase of the upload', async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port), http: true })
    proxy.failNext(503, 6, { method: 'POST', path: /uploads/ })
    proxy.failNext(500, 6, { method: 'PUT', path: /partNumber=1/ })
    proxy.failNext(500, 6, { method: 'POST', path: /uploadId=/ })
    proxy.failNext(503, 6, { method: 'PUT', path: /manifests/ })

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } }),
    )

    expect(run.log).toContain('trying again')
    expect(run.exitCode).toBe(0)
    expect(await bucket.list()).toHaveLength(2)
  })

  it('removes the archive when its manifest cannot be written', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS a')
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port), http: true })
    proxy.failNext(403, 100, { method: 'PUT', path: /manifests/ })

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } }),
    )

    await expectNothingLeft(run, bucket, 'STORE_DENIED')
  })

  it('keeps the archive when nobody can tell whether its manifest was written', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS a')
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port), http: true })
    proxy.failNext(403, 100, { method: 'PUT', path: /manifests/ })
    proxy.failNext(403, 100, { method: 'HEAD', path: /manifests/ })

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } }),
    )

    expect(run.annotations.at(-1)?.title).toBe('dump-to-s3: STORE_DENIED')
    expect(run.log).toContain('Could not confirm that manifest s3://')
    expect(await bucket.list()).toEqual([expect.stringContaining('/archives/')])
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it('tells a wrong password from everything else', async () => {
    await using source = await createDatabase(lab)
    await using bucket = await createBucket(lab)
    const url = source.url.replace(/:[^:@]+@/, ':wrong@')

    const run = await runAction('dump-to-s3', dumpOptions(lab, { url }, bucket))

    await expectNothingLeft(run, bucket, 'DATABASE_AUTH')
  })

  it('names every table that the role may not read, before the dump', async () => {
    await using source = await createDatabase(
      lab,
      `CREATE TABLE open (a int); CREATE TABLE secret (a int); CREATE TABLE hidden (a int);
       ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; CREATE SEQUENCE numbers;`,
    )
    await using bucket = await createBucket(lab)
    const role = await createRole(source)
    await source.query(`GRANT SELECT ON open, hidden TO ${role.user}`)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, { url: databaseUrl(lab, source.name, role) }, bucket),
    )
    await role.drop()

    const message = run.annotations.at(-1)?.message ?? ''
    expect(message).toContain('no SELECT on public.secret')
    expect(message).toContain('row security hides rows of public.hidden')
    expect(message).toContain('public.numbers')
    expect(message).not.toContain('public.open')
    await expectNothingLeft(run, bucket, 'DATABASE_PRIVILEGES')
  })

  it('names the session that holds a lock on a table', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE busy (a int)')
    await using bucket = await createBucket(lab)
    const run = await withClient(source.url, async client => {
      await client.query('BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE')
      return runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: { 'lock-timeout': '1s' } }))
    })

    expect(run.annotations.at(-1)?.message).toMatch(/table .*busy.* is locked by pid \d+ .*LOCK TABLE busy/)
    await expectNothingLeft(run, bucket, 'DATABASE_LOCKED')
  })

  it('takes its snapshot after the locks: what a lock holder commits is in the backup', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE busy AS SELECT 1 AS a')
    await using bucket = await createBucket(lab)
    const run = await withClient(source.url, async client => {
      await client.query('BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE; TRUNCATE busy')
      const running = runAction('dump-to-s3', dumpOptions(lab, source, bucket))
      await sleep(1500)
      await client.query('INSERT INTO busy SELECT generate_series(1, 7); COMMIT')
      return running
    })

    expect(run.outputs.rows).toBe('7')
  })

  it.each([
    [
      'a bucket that does not exist',
      { destination: 's3://no-such-bucket-anywhere/x' },
      {},
      'STORE_NOT_FOUND',
    ],
    ['a bucket of somebody else', {}, 'stranger', 'STORE_DENIED'],
    ['a key that nobody knows', {}, { AWS_ACCESS_KEY_ID: 'UNKNOWNUNKNOWN000001' }, 'STORE_DENIED'],
    ['an endpoint where nobody listens', { 's3-endpoint': 'http://127.0.0.1:9' }, {}, 'STORE_UNREACHABLE'],
  ] as const)('fails before the dump at %s', async (_, inputs, env, code) => {
    await using source = await createDatabase(lab, 'CREATE TABLE t (a int)')
    await using bucket = await createBucket(lab)
    const { stranger } = lab.s3
    const keys =
      env === 'stranger'
        ? { AWS_ACCESS_KEY_ID: stranger.accessKeyId, AWS_SECRET_ACCESS_KEY: stranger.secretAccessKey }
        : env

    const run = await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs, env: keys }))

    expect(run.log).not.toContain('pg_dump ended')
    await expectNothingLeft(run, bucket, code)
  })

  it.each([
    ['nobody listens', 'postgresql://user:secret-word@127.0.0.1:9/db', 'DATABASE_UNREACHABLE'],
    [
      'the name does not resolve',
      'postgresql://user:secret-word@no-such-host.invalid/db',
      'DATABASE_UNREACHABLE',
    ],
  ])('says where it tried to connect when %s', async (_, url, code) => {
    await using bucket = await createBucket(lab)

    const run = await runAction('dump-to-s3', dumpOptions(lab, { url }, bucket))

    await expectNothingLeft(run, bucket, code)
  })
})
