import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Manifest, parseManifest, renderManifest } from '../../../src/core/backup/manifest.ts'
import { connectionUrl } from '../../../src/core/pg/connection.ts'
import { createBucket, type TestBucket } from '../../support/bucket.ts'
import { createDatabase, type TestDatabase, withClient } from '../../support/database.ts'
import { dumpOptions, labEnvironment } from '../../support/dump.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { theLab } from '../../support/lab.ts'
import { type OwnServer, startOwnServer } from '../../support/own-server.ts'
import type { SeenProcess } from '../../support/runner/process-tree.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'
import {
  type ActionOptions,
  type ActionRun,
  runAction,
  type StartedAction,
  startAction,
} from '../../support/runner.ts'
import { onSmallDisk } from '../../support/wrapped-action.ts'

/** Restores for half a minute, but only in a drill: slow enough to be caught in the middle. */
const SLOW = `
  CREATE FUNCTION slow(a int) RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    IF current_database() LIKE 'pg\\_runbook\\_drill%' THEN PERFORM pg_sleep(0.05); END IF;
    RETURN true;
  END $$;
  CREATE TABLE events (id int PRIMARY KEY, CHECK (slow(id)));
  INSERT INTO events SELECT generate_series(1, 600);
  CREATE TABLE others (id int PRIMARY KEY, CHECK (slow(id)));
  INSERT INTO others SELECT generate_series(1, 600);`

const QUICK = 'CREATE TABLE events AS SELECT generate_series(1, 1000) AS id'

/** Bytes that do not compress, 32 MiB of them: three parts in the bucket. */
const BULKY = `
  CREATE TABLE blobs AS
    SELECT i AS id, string_agg(sha256((i * 1000 + j)::text::bytea), NULL) AS body
      FROM generate_series(1, 1100) AS i, generate_series(1, 1000) AS j GROUP BY i;
  ALTER TABLE blobs ALTER body SET STORAGE EXTERNAL`

describe('verify-drill under faults', () => {
  const lab = theLab()
  const opened = new AsyncDisposableStack()
  const buckets: TestBucket[] = []
  let slow: Backup
  let quick: Backup
  /** A server to drill on, given by scratch-url: never the one that was backed up. */
  let scratch: OwnServer

  interface Backup {
    readonly bucket: TestBucket
    readonly source: TestDatabase
  }

  beforeAll(async () => {
    scratch = opened.use(await startOwnServer(lab.postgres.binDir))
    slow = await backUp(SLOW)
    quick = await backUp(QUICK)
  })
  afterAll(() => opened.disposeAsync())
  afterEach(async () => {
    for (const bucket of buckets) await removeDrills(bucket)
  })

  async function backUp(sql: string, inputs: Record<string, string> = {}): Promise<Backup> {
    const source = opened.use(await createDatabase(lab, sql))
    const bucket = opened.use(await createBucket(lab))
    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { database: 'logi', ...inputs } }),
    )
    expect(dumped.exitCode, dumped.log).toBe(0)
    buckets.push(bucket)
    return { source, bucket }
  }

  function options(
    { bucket }: Pick<Backup, 'bucket'>,
    { inputs = {}, env = {}, ...others }: ActionOptions = {},
  ): ActionOptions {
    return {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: { ...labEnvironment(lab), ...env },
      ...others,
    }
  }

  /**
   * What a drill must leave that could not be held: one error, an output that says so, and nothing
   * anywhere.
   */
  async function expectNotHeld(
    run: ActionRun,
    { bucket }: Pick<Backup, 'bucket'>,
    code: string,
  ): Promise<string> {
    const errors = run.annotations.filter(({ level }) => level === 'error')
    expect(
      errors.map(({ title }) => title),
      run.log,
    ).toEqual([`verify-drill: ${code}`])
    expect(run.exitCode).toBe(1)
    expect(run.outputs.verdict).toBe('not-measured')
    expect(run.outputs['drill-uri']).toBe('')
    expect(run.log).not.toContain('    at ')
    expect(await bucket.list('backups/drills/')).toEqual([])
    await expectNothingLeft(run)
    return errors[0]?.message ?? ''
  }

  async function expectNothingLeft(run: ActionRun): Promise<void> {
    expect(run.leftProcesses).toEqual([])
    expect(run.leftFiles).toEqual([])
    for (const place of [run.workplace.temp, ...clustersOf(run)]) {
      if (place !== run.workplace.temp) expect(existsSync(place), `${place} exists`).toBe(false)
      expect(processesIn(place)).toEqual([])
    }
    expect(await drillDatabases(run)).toEqual([])
  }

  /**
   * Of this run, on a server that was given: state forgets the name when the database is dropped, or should
   * be.
   */
  async function drillDatabases({ savedState }: ActionRun): Promise<readonly unknown[]> {
    const names = [...savedState.matchAll(/pg_runbook_drill_[0-9a-f]{12}/g)].map(([name]) => `'${name}'`)
    return onScratch(`SELECT datname FROM pg_database WHERE datname IN (${[...names, "''"].join(', ')})`)
  }

  async function onScratch(sql: string): Promise<readonly unknown[]> {
    return await withClient(scratchUrl().href, async client => (await client.query(sql)).rows)
  }

  function scratchUrl(): URL {
    return new URL(connectionUrl(scratch.connection).reveal())
  }

  /** The drill's own pg_restore, leader or worker, in the middle of the rows. */
  async function whileRestoring(action: StartedAction): Promise<readonly SeenProcess[]> {
    await action.waitForLog(/##\[group\]Restore/)
    for (let i = 0; i < 100; i += 1) {
      const restoring = action.processes().filter(({ program }) => program === 'pg_restore')
      if (restoring.length >= 3) {
        await sleep(500)
        return action.processes()
      }
      await sleep(50)
    }
    throw new Error(`No pg_restore with two workers:\n${action.log()}`)
  }

  const SIDE_BY_SIDE = { inputs: { jobs: '2' } }

  it.each([
    ['the scratch server', 'postgres', /^postgres$/, 'SCRATCH_FAILED', /scratch server .*SIGKILL/],
    [
      'a backend of it, as the kernel does when memory runs out',
      'backend',
      /./,
      'SCRATCH_FAILED',
      /signal 9/,
    ],
    ['pg_restore', 'leader', /./, 'TOOL_FAILED', /pg_restore ended with signal SIGKILL/],
    ['a worker of pg_restore', 'worker', /./, 'TOOL_FAILED', /worker process died/],
  ] as const)(
    'says what ended, and accuses no backup, when somebody kills %s',
    async (_, victim, __, code, words) => {
      const action = startAction('verify-drill', options(slow, SIDE_BY_SIDE))
      const seen = await whileRestoring(action)
      process.kill(pick(seen, victim), 'SIGKILL')

      const run = await action.finished

      expect(await expectNotHeld(run, slow, code)).toMatch(words)
      expect(run.durationMs).toBeLessThan(25_000)
    },
  )

  it.each([
    ['its own server', {}],
    ['a given server', { 'scratch-url': 'given' }],
  ])('cleans up within the grace of a cancelled job, on %s', async (_, inputs) => {
    const action = startAction('verify-drill', options(slow, { inputs: { ...given(inputs), jobs: '2' } }))
    const seen = await whileRestoring(action)
    const cancelledAt = performance.now()

    const run = await action.cancel()

    expect(performance.now() - cancelledAt).toBeLessThan(7500)
    expect(run.endedBy).toBeNull()
    await expectNotHeld(run, slow, 'CANCELLED')
    expect(stillRunning(seen)).toEqual([])
  })

  it.each([
    ['its own server', {}],
    ['a given server', { 'scratch-url': 'given' }],
  ])('cleans up in the post step when the action was killed, on %s', async (_, inputs) => {
    // A tracking id of its own: the harness, like the runner, ends what carries the step's.
    const killable = options(slow, {
      inputs: { ...given(inputs), jobs: '2' },
      env: { RUNNER_TRACKING_ID: 'nobody' },
    })
    const action = startAction('verify-drill', killable)
    const seen = await whileRestoring(action)
    action.signal('SIGKILL')
    const killed = await action.finished
    expect(killed.endedBy).toBe('SIGKILL')
    expect(stillRunning(seen)).not.toEqual([])

    const post = await runAction('verify-drill', { ...killable, phase: 'post', after: killed })

    expect(post.exitCode, post.log).toBe(0)
    expect(post.annotations).toEqual([])
    await expectNothingLeft({ ...post, savedState: killed.savedState })
    await expect.poll(() => stillRunning(seen)).toEqual([])
  })

  it('cleans up in the post step when the action was killed while it made the server', async () => {
    const killable = options(quick, { env: { RUNNER_TRACKING_ID: 'nobody' } })
    const action = startAction('verify-drill', killable)
    const seen = await until(() => action.processes().find(({ program }) => program === 'initdb'))
    action.signal('SIGKILL')
    const killed = await action.finished

    const post = await runAction('verify-drill', { ...killable, phase: 'post', after: killed })

    expect(post.exitCode, post.log).toBe(0)
    await expectNothingLeft({ ...post, savedState: killed.savedState })
    expect(stillRunning([seen])).toEqual([])
  })

  it('has nothing to say in the post step after a wrong input, nor after a clean run whose server is gone', async () => {
    const wrong = options(quick, { inputs: { jobs: 'many' } })
    const main = await runAction('verify-drill', wrong)
    await expectNotHeld(main, quick, 'INVALID_INPUT')
    const post = await runAction('verify-drill', { ...wrong, phase: 'post', after: main })
    expect(post.annotations).toEqual([])

    await using proxy = await FaultProxy.start({ port: scratch.port })
    const url = scratchUrl()
    url.port = String(proxy.port)
    const good = options(quick, { inputs: { 'scratch-url': url.href } })
    const run = await runAction('verify-drill', good)
    expect(run.outputs.verdict, run.log).toBe('pass')
    proxy.refuse()
    const after = await runAction('verify-drill', { ...good, phase: 'post', after: run })
    expect(after.annotations).toEqual([])
    expect(after.exitCode).toBe(0)
  })

  it('stops at its timeout', async () => {
    const run = await runAction('verify-drill', options(slow, { inputs: { timeout: '6s' } }))

    await expectNotHeld(run, slow, 'TIMED_OUT')
  })

  describe('of the object store', () => {
    let bulky: Backup
    beforeAll(async () => {
      bulky = await backUp(BULKY, { compression: 'none' })
    })

    async function whileDownloading(proxy: FaultProxy): Promise<void> {
      proxy.delayMs = 10
      await until(() => proxy.bytesDown > 4_000_000 || undefined)
    }

    const proxied = (proxy: FaultProxy, more: ActionOptions = {}) =>
      options(bulky, { ...more, env: { AWS_ENDPOINT_URL_S3: proxy.url } })

    it('says that the store does not answer, when it goes away for good in mid-download', async () => {
      await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
      const action = startAction('verify-drill', proxied(proxy, { inputs: { timeout: '15s' } }))
      await whileDownloading(proxy)
      proxy.refuse()

      const run = await action.finished

      const message = await expectNotHeld(run, bulky, 'TIMED_OUT')
      expect(message).toMatch(/waiting to read backups\/archives\/.*(ECONN|hang up)/)
      expect(run.log).toMatch(/read backups\/archives\/.*trying again/)
    })

    it('passes when the store is away for 20 s in mid-download', async () => {
      await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })
      const action = startAction('verify-drill', proxied(proxy))
      await whileDownloading(proxy)
      proxy.refuse()
      await sleep(20_000)
      proxy.delayMs = 0
      proxy.resume()

      const run = await action.finished

      expect(run.log).toContain('trying again')
      expect(run.outputs.verdict, run.log).toBe('pass')
      await expectNothingLeft(run)
    }, 120_000)

    it('shows what it found when the record cannot be written, and counts that as not measured', async () => {
      await using proxy = await FaultProxy.start({
        port: Number(new URL(lab.s3.endpoint).port),
        http: true,
      })
      proxy.failNext(403, 100, { method: 'PUT', path: /drills/ })

      const run = await runAction('verify-drill', proxied(proxy))

      await expectNotHeld(run, bulky, 'STORE_DENIED')
      expect(run.summary).toContain('could not be written')
      expect(run.summary).toContain('all tables')
    })
  })

  describe('of the disk', () => {
    it('says before the download that archive and database will not fit', async () => {
      const bucket = opened.use(await createBucket(lab))
      await copyBackup(quick, bucket, manifest => ({
        ...manifest,
        server: { ...manifest.server, databaseBytes: 10 ** 15 },
      }))

      const run = await runAction('verify-drill', options({ bucket }))

      const message = await expectNotHeld(run, { bucket }, 'DISK_FULL')
      expect(message).toMatch(/909(\.\d)? TiB|free/)
      expect(run.log).not.toContain('Downloaded')
    })

    it('says that the disk is full when it fills up during the restore', async () => {
      const { bucket } = await backUp(
        `CREATE TABLE wide (id int, body text STORAGE PLAIN);
         INSERT INTO wide SELECT i, repeat('x', 1900) FROM generate_series(1, 80000) AS i`,
      )
      await copyBackup({ bucket }, bucket, manifest => ({
        ...manifest,
        server: { ...manifest.server, databaseBytes: 1 },
      }))
      const { directory, ...wrapped } = await onSmallDisk('verify-drill', '160m')

      const run = await runAction('verify-drill', options({ bucket }, wrapped))
      await rm(directory, { recursive: true })

      const message = await expectNotHeld(run, { bucket }, 'DISK_FULL')
      expect(message).toContain('No space left on device')
      expect(run.log).toContain('LEFT ON THE DISK: nothing')
    })
  })

  describe('of the scratch server', () => {
    it('names it when it cannot be reached', async () => {
      const url = 'postgresql://user:secret-word@127.0.0.1:9/postgres'
      const run = await runAction('verify-drill', options(quick, { inputs: { 'scratch-url': url } }))

      const message = await expectNotHeld(run, quick, 'DATABASE_UNREACHABLE')
      expect(message).toContain('scratch-url')
      expect(message).not.toContain('database-url')
    })

    it('says which copy of the data is left when a given server goes away for good, and drops it when it is back', async () => {
      await using proxy = await FaultProxy.start({ port: scratch.port })
      const url = scratchUrl()
      url.port = String(proxy.port)
      const given = options(slow, { inputs: { 'scratch-url': url.href, jobs: '2' } })
      const action = startAction('verify-drill', given)
      await whileRestoring(action)
      proxy.refuse()

      const run = await action.finished

      const errors = run.annotations.filter(({ level }) => level === 'error')
      expect(errors.map(({ title }) => title)).toEqual(['verify-drill: SCRATCH_FAILED'])
      expect(run.outputs.verdict).toBe('not-measured')
      expect(await drillDatabases(run)).toHaveLength(1)
      const gone = await runAction('verify-drill', { ...given, phase: 'post', after: run })
      expect(gone.exitCode).toBe(1)
      expect(gone.annotations[0]?.message).toMatch(/copy of the data[\s\S]*DROP DATABASE pg_runbook_drill_/)
      proxy.resume()
      const back = await runAction('verify-drill', { ...given, phase: 'post', after: run })
      expect(back.annotations).toEqual([])
      expect(await drillDatabases(run)).toEqual([])
    })

    it('says what a role lacks that may not create databases', async () => {
      const role = `plain_${process.pid}`
      await onScratch(`CREATE ROLE ${role} LOGIN PASSWORD 'plain'`)
      const url = scratchUrl()
      url.username = role
      url.password = 'plain'
      const run = await runAction('verify-drill', options(quick, { inputs: { 'scratch-url': url.href } }))
      await onScratch(`DROP ROLE ${role}`)

      expect(await expectNotHeld(run, quick, 'SCRATCH_FAILED')).toContain('CREATEDB')
    })

    it.each([
      [
        'is older than the source',
        (manifest: Manifest) => ({ ...manifest, server: { ...manifest.server, version: '99.1' } }),
        /99\.1/,
      ],
    ])('says so when it %s', async (_, change, words) => {
      const bucket = opened.use(await createBucket(lab))
      await copyBackup(quick, bucket, change)

      const run = await runAction(
        'verify-drill',
        options({ bucket }, { inputs: given({ 'scratch-url': 'given' }) }),
      )

      expect(await expectNotHeld(run, { bucket }, 'SCRATCH_FAILED')).toMatch(words)
    })

    it('leaves roles of policies where other drills still need them, and takes its own away', async () => {
      const role = `policy_role_${process.pid}`
      await quick.source.query(`CREATE ROLE ${role}`)
      const { bucket, source } = await backUp(
        `CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO ${role} USING (true)`,
      )
      await source.query(`DROP POLICY p ON t; DROP ROLE ${role}`)

      const runs = await Promise.all(
        [1, 2].map(() =>
          runAction('verify-drill', options({ bucket }, { inputs: given({ 'scratch-url': 'given' }) })),
        ),
      )

      expect(runs.map(run => run.outputs.verdict)).toEqual(['pass', 'pass'])
      expect(await onScratch(`SELECT rolname FROM pg_roles WHERE rolname = '${role}'`)).toEqual([])
    })
  })

  describe('of the smoke command', () => {
    it('ends it after its time, with everything that it started', async () => {
      const marker = `5${process.pid}`
      const run = await runAction(
        'verify-drill',
        options(quick, {
          inputs: { 'smoke-command': `sleep ${marker} & sleep ${marker}`, 'smoke-timeout': '1s' },
        }),
      )

      expect(run.outputs).toMatchObject({ verdict: 'fail', 'failed-checks': 'smoke command' })
      expect(run.summary).toContain('still running after 1.0 s')
      await expectNothingLeft(run)
      expect(run.durationMs).toBeLessThan(25_000)
    })

    it('does not wait for what it leaves in the background', async () => {
      const run = await runAction(
        'verify-drill',
        options(quick, { inputs: { 'smoke-command': 'sleep 300 & echo done' } }),
      )

      expect(run.outputs.verdict, run.log).toBe('pass')
      await expectNothingLeft(run)
      expect(run.durationMs).toBeLessThan(25_000)
    })

    it('ends what has left its process group too', async () => {
      const command = 'setsid sleep 300 > /dev/null 2>&1 & sleep 0.2; echo done'
      const run = await runAction('verify-drill', options(quick, { inputs: { 'smoke-command': command } }))

      expect(run.outputs.verdict, run.log).toBe('pass')
      await expectNothingLeft(run)
    })

    it('ends it when the job is cancelled', async () => {
      const action = startAction(
        'verify-drill',
        options(quick, { inputs: { 'smoke-command': 'echo smoking; trap "" TERM; sleep 300' } }),
      )
      await action.waitForLog(/^smoking/m)

      const run = await action.cancel()

      expect(run.endedBy).toBeNull()
      const errors = run.annotations.filter(({ level }) => level === 'error')
      expect(errors.map(({ title }) => title)).toEqual(['verify-drill: CANCELLED'])
      await expectNothingLeft(run)
    })

    it('shows it neither inputs nor tokens nor another database, and lets it set no outputs', async () => {
      const command = '[ -z "$GITHUB_OUTPUT" ] || echo "verdict=fail" >> "$GITHUB_OUTPUT"; env; exit 0'
      const run = await runAction(
        'verify-drill',
        options(quick, {
          inputs: { 'smoke-command': command },
          env: {
            PGHOST: 'production.example',
            PGPASSWORD: 'prod',
            ACTIONS_RUNTIME_TOKEN: 'token-of-the-job',
            APP_MODE: 'drill',
          },
        }),
      )

      expect(run.outputs.verdict).toBe('pass')
      expect(run.log).toContain('APP_MODE=drill')
      expect(run.log).toContain('DATABASE_URL=postgresql://')
      expect(run.log).not.toMatch(/^(INPUT_.*|ACTIONS_RUNTIME_TOKEN|PGHOST|PGPASSWORD|GITHUB_OUTPUT)=/m)
      expect(run.annotations).toEqual([])
    })
  })

  describe('of what the operator gave', () => {
    async function criteria(text: string): Promise<string> {
      const file = join(createWorkplace().workspace, 'criteria.yml')
      await writeFile(file, text)
      return file
    }

    it('points at a criteria file that is not there', async () => {
      const run = await runAction('verify-drill', options(quick, { inputs: { criteria: 'no/such.yml' } }))

      expect(await expectNotHeld(run, quick, 'INVALID_INPUT')).toContain('no/such.yml')
    })

    it('points at line and column of a criteria file that is wrong', async () => {
      const file = await criteria('checks:\n  - name: users\n    table: users\n    tolerance: many\n')
      const run = await runAction('verify-drill', options(quick, { inputs: { criteria: file } }))

      expect(await expectNotHeld(run, quick, 'INVALID_INPUT')).toContain('criteria.yml:4:16:')
    })

    it('measures nothing against a live database that does not answer, but everything else', async () => {
      const file = await criteria('checks:\n  - name: events\n    table: events\n    tolerance: 5%\n')
      const live = 'postgresql://user:secret-word@127.0.0.1:9/postgres'
      const run = await runAction(
        'verify-drill',
        options(quick, { inputs: { criteria: file, 'live-url': live } }),
      )

      const errors = run.annotations.filter(({ level }) => level === 'error')
      expect(errors.map(({ title }) => title)).toEqual(['verify-drill: DRILL_NOT_MEASURED'])
      expect(errors[0]?.message).toMatch(/events.*127\.0\.0\.1:9/)
      expect(run.outputs.verdict).toBe('not-measured')
      expect(run.exitCode).toBe(1)
      expect(run.summary).toContain('all tables')
      await expectNothingLeft(run)
    })
  })

  /** `given` becomes the URL of the lab's server. */
  function given(inputs: Record<string, string>): Record<string, string> {
    return inputs['scratch-url'] === 'given' ? { ...inputs, 'scratch-url': scratchUrl().href } : inputs
  }

  async function removeDrills(bucket: TestBucket): Promise<void> {
    for (const Key of await bucket.list('backups/drills/'))
      await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key }))
  }

  /** The backup in another bucket (or the same), with a manifest that says something else. */
  async function copyBackup(
    { bucket: from }: Pick<Backup, 'bucket'>,
    to: TestBucket,
    change: (manifest: Manifest) => Manifest,
  ): Promise<void> {
    const put = async (Key: string, Body: Buffer | string) =>
      to.client.send(new PutObjectCommand({ Bucket: to.name, Key, Body }))
    const [manifestKey = ''] = await from.list('backups/manifests/')
    const manifest = parseManifest((await from.read(manifestKey)).toString(), manifestKey)
    const { ETag = '', VersionId = null } = await put(
      manifest.object.key,
      await from.read(manifest.object.key),
    )
    const object = { ...manifest.object, bucket: to.name, etag: ETag, versionId: VersionId, checksum: null }
    await put(manifestKey, renderManifest(change({ ...manifest, object })))
  }
})

function pick(seen: readonly SeenProcess[], victim: 'postgres' | 'backend' | 'leader' | 'worker'): number {
  const args = (all: SeenProcess) => all.args.join(' ')
  const restoring = seen.filter(({ program }) => program === 'pg_restore')
  const found =
    victim === 'postgres'
      ? seen.find(process => process.program === 'postgres' && args(process).includes(' -D '))
      : victim === 'backend'
        ? seen.find(process => /pg_runbook_drill_\w+ .*COPY/.test(args(process)))
        : victim === 'leader'
          ? restoring[0]
          : restoring.at(-1)
  if (found === undefined) throw new Error(`No ${victim} among\n${seen.map(args).join('\n')}`)
  return found.pid
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (let i = 0; i < 1500; i += 1) {
    const found = look()
    if (found !== undefined) return found
    await sleep(10)
  }
  throw new Error('It did not come to pass within 15 s')
}

/** Where scratch servers of a run lived. */
function clustersOf({ savedState }: Pick<ActionRun, 'savedState'>): readonly string[] {
  return [...savedState.matchAll(/"directory":"([^"]+)"/g)].map(([, directory = '']) => directory)
}

/** Processes that work in a directory or below it: whatever they are called, and whoever started them. */
function processesIn(directory: string): readonly string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)
    } catch {
      return false
    }
  })
}

/** Those of the processes seen earlier that still run. */
function stillRunning(seen: readonly SeenProcess[]): readonly string[] {
  const programs = seen.filter(({ program }) => program !== 'node' && program !== 'main.js')
  return programs
    .filter(({ pid }) => existsSync(`/proc/${pid}/cwd`))
    .map(({ program, pid }) => `${program} ${pid}`)
}
