import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import type { Lab } from '../../lab/lab.ts'
import { type Manifest, parseManifest, renderManifest } from '../../src/core/backup/manifest.ts'
import { connectionUrl } from '../../src/core/pg/connection.ts'
import { createBucket, type TestBucket } from './bucket.ts'
import { createDatabase, type TestDatabase, withClient } from './database.ts'
import { dumpOptions, labEnvironment } from './dump.ts'
import { theLab } from './lab.ts'
import { type OwnServer, startOwnServer } from './own-server.ts'
import type { SeenProcess } from './runner/process-tree.ts'
import { type ActionOptions, type ActionRun, runAction, type StartedAction } from './runner.ts'

/** Restores for half a minute, but only in a drill: slow enough to be caught in the middle. */
export const SLOW = `
  CREATE FUNCTION slow(a int) RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    IF current_database() LIKE 'pg\\_runbook\\_drill%' THEN PERFORM pg_sleep(0.05); END IF;
    RETURN true;
  END $$;
  CREATE TABLE events (id int PRIMARY KEY, CHECK (slow(id)));
  INSERT INTO events SELECT generate_series(1, 600);
  CREATE TABLE others (id int PRIMARY KEY, CHECK (slow(id)));
  INSERT INTO others SELECT generate_series(1, 600);`

export const QUICK = 'CREATE TABLE events AS SELECT generate_series(1, 1000) AS id'

export interface Backup {
  readonly bucket: TestBucket
  readonly source: TestDatabase
}

type InBucket = Pick<Backup, 'bucket'>

/** Backups to drill, a server to drill on, and what has to be true of a drill that could not be held. */
export class DrillRig implements AsyncDisposable {
  readonly lab: Lab
  /** A server to drill on, given by scratch-url: never the one that was backed up. */
  readonly scratch: OwnServer
  readonly #opened: AsyncDisposableStack
  readonly #buckets: TestBucket[] = []

  private constructor(lab: Lab, scratch: OwnServer, opened: AsyncDisposableStack) {
    this.lab = lab
    this.scratch = scratch
    this.#opened = opened
  }

  static async start(): Promise<DrillRig> {
    const lab = theLab()
    const opened = new AsyncDisposableStack()
    return new DrillRig(lab, opened.use(await startOwnServer(lab.postgres.binDir)), opened)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync()
  }

  async newBucket(): Promise<TestBucket> {
    return this.#opened.use(await createBucket(this.lab))
  }

  async backUp(sql: string, inputs: Record<string, string> = {}): Promise<Backup> {
    const source = this.#opened.use(await createDatabase(this.lab, sql))
    const bucket = await this.newBucket()
    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(this.lab, source, bucket, { inputs: { database: 'logi', ...inputs } }),
    )
    expect(dumped.exitCode, dumped.log).toBe(0)
    this.#buckets.push(bucket)
    return { source, bucket }
  }

  options({ bucket }: InBucket, { inputs = {}, env = {}, ...others }: ActionOptions = {}): ActionOptions {
    return {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: { ...labEnvironment(this.lab), ...env },
      ...others,
    }
  }

  /** `given` becomes the URL of the server to drill on. */
  given(inputs: Record<string, string>): Record<string, string> {
    return inputs['scratch-url'] === 'given' ? { ...inputs, 'scratch-url': this.scratchUrl().href } : inputs
  }

  scratchUrl(port = this.scratch.port): URL {
    const url = new URL(connectionUrl(this.scratch.connection).reveal())
    url.port = String(port)
    return url
  }

  async onScratch(sql: string): Promise<readonly unknown[]> {
    return await withClient(this.scratchUrl().href, async client => (await client.query(sql)).rows)
  }

  /** A drill that could not be held: one error, which is returned, and nothing left anywhere. */
  async expectNotHeld(run: ActionRun, { bucket }: InBucket, code: string): Promise<string> {
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
    await this.expectNothingLeft(run)
    return errors[0]?.message ?? ''
  }

  async expectNothingLeft(run: ActionRun): Promise<void> {
    expect(run.leftProcesses).toEqual([])
    expect(run.leftFiles).toEqual([])
    for (const place of [run.workplace.temp, ...clustersOf(run)]) {
      if (place !== run.workplace.temp) expect(existsSync(place), `${place} exists`).toBe(false)
      expect(processesIn(place)).toEqual([])
    }
    expect(await this.leftOnScratch(run)).toEqual([])
  }

  /** Databases and owners that a run made on the given server: its state still names what it forgot. */
  async leftOnScratch({ savedState }: Pick<ActionRun, 'savedState'>): Promise<readonly unknown[]> {
    const databases = [...savedState.matchAll(/pg_runbook_drill_[0-9a-f]{12}/g)].map(([name]) => name)
    const names = ['', ...databases, ...databases.map(name => name.replace(/^pg_/, ''))]
    const list = names.map(name => `'${name}'`).join(', ')
    return await this.onScratch(
      `SELECT datname AS left FROM pg_database WHERE datname IN (${list})
       UNION ALL SELECT rolname FROM pg_roles WHERE rolname IN (${list})`,
    )
  }

  async removeDrills(): Promise<void> {
    for (const bucket of this.#buckets)
      for (const Key of await bucket.list('backups/drills/'))
        await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key }))
  }
}

/** The backup in another bucket (or the same), with a manifest that says something else. */
export async function copyBackup(
  { bucket: from }: InBucket,
  to: TestBucket,
  change: (manifest: Manifest) => Manifest,
): Promise<void> {
  const put = async (Key: string, Body: Buffer | string) =>
    to.client.send(new PutObjectCommand({ Bucket: to.name, Key, Body }))
  const [manifestKey = ''] = await from.list('backups/manifests/')
  const manifest = parseManifest((await from.read(manifestKey)).toString(), manifestKey)
  const { ETag = '', VersionId = null } = await put(manifest.object.key, await from.read(manifest.object.key))
  const object = { ...manifest.object, bucket: to.name, etag: ETag, versionId: VersionId, checksum: null }
  await put(manifestKey, renderManifest(change({ ...manifest, object })))
}

/** The drill's processes while its own pg_restore, leader and workers, is in the middle of the rows. */
export async function whileRestoring(action: StartedAction): Promise<readonly SeenProcess[]> {
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

export async function until<T>(look: () => T | undefined): Promise<T> {
  for (let i = 0; i < 1500; i += 1) {
    const found = look()
    if (found !== undefined) return found
    await sleep(10)
  }
  throw new Error('It did not come to pass within 15 s')
}

/** Those of the processes seen earlier that still run. */
export function stillRunning(seen: readonly SeenProcess[]): readonly string[] {
  const programs = seen.filter(({ program }) => program !== 'node' && program !== 'main.js')
  return programs
    .filter(({ pid }) => existsSync(`/proc/${pid}/cwd`))
    .map(({ program, pid }) => `${program} ${pid}`)
}

/** Where scratch servers of a run lived. */
function clustersOf({ savedState }: Pick<ActionRun, 'savedState'>): readonly string[] {
  return [...savedState.matchAll(/"directory":"([^"]+)"/g)].map(([, directory = '']) => directory)
}

/** Processes that work in a directory or below it, under any name and of any parent. */
function processesIn(directory: string): readonly string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(directory)
    } catch {
      return false
    }
  })
}
