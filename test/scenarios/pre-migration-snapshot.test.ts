import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { parseGateRecord } from '../../src/core/gate-record.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase, withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'
import { type ActionOptions, type ActionRun, runAction, startAction } from '../support/runner.ts'

const USERS = `
  CREATE TABLE users (id serial PRIMARY KEY, email text, created_at timestamptz DEFAULT now());
  INSERT INTO users (email) SELECT 'user' || i FROM generate_series(1, 1000) AS i;`

/** Two pending migrations, as an operator's own command tells them. */
const PENDING = { migrations: 'printf "20261101_add_plan\\n20261102_drop_legacy\\n"' }

describe('pre-migration-snapshot', () => {
  const lab = theLab()

  function gate(source: TestDatabase, bucket: TestBucket, options: ActionOptions = {}): Promise<ActionRun> {
    return runAction(
      'pre-migration-snapshot',
      dumpOptions(lab, source, bucket, {
        ...options,
        inputs: { database: 'logi', ...PENDING, ...options.inputs },
      }),
    )
  }

  function expectClosed(run: ActionRun, code: string): void {
    expect(run.annotations.filter(({ level }) => level === 'error').map(({ title }) => title)).toEqual([
      `pre-migration-snapshot: ${code}`,
    ])
    expect(run.exitCode).toBe(1)
    expect(run.outputs).toMatchObject({ 'verified-level': 'none', 'backup-id': '', 'restore-command': '' })
  }

  it.each(['checksum', 'archive', 'drill'])(
    'opens with a restore point verified to level %s',
    async level => {
      await using source = await createDatabase(lab, USERS)
      await using bucket = await createBucket(lab)

      const run = await gate(source, bucket, { inputs: { level } })

      expect(run.log).toContain('pending: 20261102_drop_legacy')
      expect(run.exitCode).toBe(0)
      expect(run.outputs).toMatchObject({ 'migrations-pending': 'true', 'verified-level': level })
      expect(run.outputs['backup-id']).toContain('-pre-migration-')
      expect(run.outputs['restore-command']).toContain('pg_restore --exit-on-error')
      const [key = ''] = await bucket.list('backups/gates/logi/')
      const record = parseGateRecord((await bucket.read(key)).toString(), key)
      expect(record.backup.id).toBe(run.outputs['backup-id'])
      expect(record.migrations.pending).toEqual(['20261101_add_plan', '20261102_drop_legacy'])
      expect(run.summary).toContain('20261101_add_plan')
      expect(run.leftFiles).toEqual([])
      expect(run.leftProcesses).toEqual([])
    },
  )

  it('lets a deploy without migrations pass in seconds, and touches nothing', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    const run = await gate(source, bucket, { inputs: { migrations: 'printf ""' } })

    expect(run.outputs).toMatchObject({ 'migrations-pending': 'false', 'verified-level': 'none' })
    expect(run.exitCode).toBe(0)
    expect(run.durationMs).toBeLessThan(3000)
    expect(await bucket.list()).toEqual([])
  })

  it('says what a partial restore point does not cover', async () => {
    await using source = await createDatabase(lab, `${USERS} CREATE TABLE other (a int);`)
    await using bucket = await createBucket(lab)

    const run = await gate(source, bucket, { inputs: { tables: 'users' } })

    expect(run.outputs['backup-id']).toContain('-partial-')
    expect(run.summary).toContain('This backup is partial')
  })

  it('brings back a partial restore point outside of public, by a drill and by its commands', async () => {
    await using source = await createDatabase(
      lab,
      `CREATE SCHEMA "Audit's"; CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
       CREATE TABLE "Audit's".events (id int PRIMARY KEY, who ext.citext); INSERT INTO "Audit's".events VALUES (1, 'Ann')`,
    )
    await using bucket = await createBucket(lab)

    const run = await gate(source, bucket, { inputs: { tables: `"Audit's".events`, level: 'drill' } })

    expect(run.exitCode, run.log).toBe(0)
    expect(run.summary).toContain('CREATE EXTENSION IF NOT EXISTS')
    await using target = await createDatabase(lab)
    const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    // There is no AWS CLI on this machine: what it would fetch is put there.
    const [archive = ''] = await bucket.list('backups/archives/')
    await writeFile(join(directory, basename(archive)), await bucket.read(archive))
    const command = (run.outputs['restore-command'] ?? '').replace(/^aws s3 cp .*$/m, 'true &&')
    execFileSync('bash', ['-ec', command], {
      cwd: directory,
      env: { PATH: labEnvironment(lab).PATH, TARGET_URL: target.url },
    })
    await rm(directory, { recursive: true })
    expect(
      await target.query(`SELECT who FROM "Audit's".events WHERE who OPERATOR(ext.=) 'ANN'::ext.citext`),
    ).toHaveLength(1)
  })

  it('stays closed behind a lock, names who holds it, and keeps production from waiting', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const run = await withClient(source.url, async client => {
      await client.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE')
      return gate(source, bucket, { inputs: { 'on-blockers': 'ignore', 'lock-timeout': '1s' } })
    })

    expectClosed(run, 'DATABASE_LOCKED')
    expect(run.annotations.at(-1)?.message).toMatch(/users.* is locked by pid \d+/)
    expect(run.durationMs).toBeLessThan(4000)
  })

  it.each([
    [
      'the database is down',
      { 'database-url': 'postgresql://user:word-of-pass@127.0.0.1:9/db' },
      'DATABASE_UNREACHABLE',
    ],
    ['the store is down', { 's3-endpoint': 'http://127.0.0.1:9' }, 'STORE_UNREACHABLE'],
    ['the deadline passes', { 'max-duration': '1ms' }, 'TIMED_OUT'],
    ['an input is wrong', { level: 'blindly' }, 'INVALID_INPUT'],
  ])('stays closed when %s', async (_, inputs, code) => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    expectClosed(await gate(source, bucket, { inputs }), code)
  })

  it('stays closed when the archive cannot be read back', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port), http: true })
    proxy.failNext(404, 100, { method: 'GET', path: /archives/ })

    const run = await gate(source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } })

    expectClosed(run, 'BACKUP_NOT_FOUND')
    expect(await bucket.list('backups/gates/')).toEqual([])
  })

  it('never keeps production waiting longer than its lock-timeout', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const stop = new AbortController()
    const waits = [0, 1].map(i => worstWait(source, i, stop.signal))
    // A migration of somebody else waits in the queue; our lock request must not hold up whoever comes behind it.
    const run = await withClient(source.url, async holder => {
      await holder.query('BEGIN; LOCK TABLE users IN SHARE UPDATE EXCLUSIVE MODE')
      const migration = withClient(source.url, client =>
        client.query("SET lock_timeout = '700ms'; ALTER TABLE users ADD COLUMN plan text").catch(() => {}),
      )
      await sleep(100)
      const gated = await gate(source, bucket, {
        inputs: { 'on-blockers': 'ignore', 'lock-timeout': '1s', level: 'checksum' },
      })
      await migration
      return gated
    })
    stop.abort()

    expect([0, 1]).toContain(run.exitCode)
    // Readers wait behind the other's ALTER for its own 700 ms, and never behind us for more than our second.
    for (const worst of await Promise.all(waits)) expect(worst).toBeLessThan(1000 + 700)
  })

  it('finds the migrations of the project by itself', async () => {
    await using source = await createDatabase(
      lab,
      `${USERS} CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations VALUES ('20260101000000');`,
    )
    await using bucket = await createBucket(lab)
    const project = await mkdtemp(join(tmpdir(), 'pg-runbook-test-project-'))
    await mkdir(join(project, 'db/migrate'), { recursive: true })
    for (const name of ['20260101000000_create_users.rb', '20261120000000_add_plan.rb']) {
      await writeFile(join(project, 'db/migrate', name), 'class M < ActiveRecord::Migration[8.0]; end\n')
    }

    const pending = await gate(source, bucket, { inputs: { migrations: 'auto', project, level: 'checksum' } })
    await source.query("INSERT INTO schema_migrations VALUES ('20261120000000')")
    const none = await gate(source, bucket, { inputs: { migrations: 'auto', project } })
    await rm(project, { recursive: true })

    expect(pending.summary).toContain('20261120000000')
    expect(pending.log).toContain('Rails')
    expect(pending.outputs['migrations-pending']).toBe('true')
    expect(none.outputs['migrations-pending']).toBe('false')
    expect(none.durationMs).toBeLessThan(3000)
  })

  it('removes everything and stays closed when it is cancelled', async () => {
    await using source = await createDatabase(
      lab,
      `CREATE TABLE t AS SELECT md5(i::text) || md5((i * 3)::text) AS a FROM generate_series(1, 600000) AS i`,
    )
    await using bucket = await createBucket(lab)
    const options = dumpOptions(lab, source, bucket, {
      inputs: { database: 'logi', ...PENDING, compression: 'zstd:19' },
    })
    const action = startAction('pre-migration-snapshot', options)
    await action.waitForLog(/Snapshot /)

    const run = await action.cancel()

    expectClosed(run, 'CANCELLED')
    expect(await bucket.list()).toEqual([])
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  describe('after the deploy', () => {
    const after = { phase: 'after', soak: '1s', 'health-failures': '0' }

    it('backs up the new state when the service stays healthy', async () => {
      await using source = await createDatabase(lab, USERS)
      await using bucket = await createBucket(lab)
      await using service = await startService(response => response.end('up'))

      const run = await gate(source, bucket, { inputs: { ...after, 'health-url': service.url } })

      expect(run.log).toContain('healthy')
      expect(run.exitCode).toBe(0)
      expect(run.outputs['backup-id']).toContain('-post-migration-')
      expect(run.summary).toContain('The deploy is healthy')
    })

    it.each<[string, (response: ServerResponse) => void]>([
      ['answers 500', response => void response.writeHead(500).end()],
      ['redirects', response => void response.writeHead(302, { location: '/login' }).end()],
      ['hangs', () => {}],
    ])('takes no backup and shows the way back when the service %s', async (_, answer) => {
      await using source = await createDatabase(lab, USERS)
      await using bucket = await createBucket(lab)
      await using service = await startService(answer)
      const before = await gate(source, bucket, { inputs: { level: 'checksum' } })

      const run = await gate(source, bucket, { inputs: { ...after, 'health-url': service.url } })

      expect(run.annotations.at(-1)?.title).toBe('pre-migration-snapshot: GATE_UNHEALTHY')
      expect(run.exitCode).toBe(1)
      expect(run.outputs).toMatchObject({ 'verified-level': 'none', 'backup-id': '' })
      expect(run.summary).toContain(before.outputs['backup-id'])
      expect(run.summary).toContain('pg_restore')
      expect(await bucket.list('backups/archives/')).toHaveLength(1)
    })
  })
})

/** The longest that a statement of a client that reads and writes all the time took, in milliseconds. */
async function worstWait(source: TestDatabase, id: number, signal: AbortSignal): Promise<number> {
  let worst = 0
  await withClient(source.url, async client => {
    while (!signal.aborted) {
      const since = performance.now()
      await client.query(
        id === 0 ? 'SELECT count(*) FROM users' : "UPDATE users SET email = 'x' WHERE id = 7",
      )
      worst = Math.max(worst, performance.now() - since)
      await sleep(10)
    }
  })
  return worst
}

async function startService(
  answer: (response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => answer(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/up`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
