import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import type { Lab } from '../../lab/lab.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { databaseUrl, withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { startPrivateServer, untilAnswers } from '../support/private-server.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { type ActionRun, runAction, type StartedAction, startAction } from '../support/runner.ts'

const TABLES = ['a', 'b', 'c', 'd', 'e'] as const

/**
 * A database whose restore stops wherever the setting test.hold says, for a minute at most: at the first row
 * of a table, at an index, at a view that is filled, at the statistics. A strike there hits a process for
 * sure, on any machine. The last table is larger than all pipes between pg_restore and the server, so that
 * pg_restore is at work as long as rows are.
 */
const HELD = `
  CREATE FUNCTION hold(id int, point text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    IF current_setting('test.hold', true) = point AND (point <> 'statistics' OR current_query() LIKE 'ANALYZE%') THEN PERFORM pg_sleep(60); END IF;
    RETURN id; END $$;
  ${TABLES.map(name => `CREATE TABLE ${name} (id int PRIMARY KEY CHECK (public.hold(id, '${name}') = id)); INSERT INTO ${name} SELECT generate_series(1, 10);`).join('\n')}
  CREATE TABLE z (id int PRIMARY KEY, token text NOT NULL);
  INSERT INTO z SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 20000) AS i;
  CREATE INDEX ON a (public.hold(id, 'index'));
  CREATE INDEX ON b (public.hold(id, 'statistics'));
  CREATE MATERIALIZED VIEW seen AS SELECT public.hold(1, 'view') AS id;
  ALTER TABLE b ADD FOREIGN KEY (id) REFERENCES z;
  CREATE FUNCTION e_is_worm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'e is write-once'; END $$;
  CREATE TRIGGER worm_rows BEFORE UPDATE OR DELETE ON e FOR EACH ROW EXECUTE FUNCTION e_is_worm();
  CREATE TRIGGER worm_table BEFORE TRUNCATE ON e FOR EACH STATEMENT EXECUTE FUNCTION e_is_worm();`

/** What makes the target differ from its backup. */
const DAMAGE = `UPDATE z SET token = 'lost' WHERE id % 2 = 0; CREATE TABLE later (z_id int REFERENCES z);`

type Mode = 'new-database' | 'swap' | 'overwrite'
type Victim = 'pg_restore' | 'psql' | 'the action' | 'a backend of the server'

/** Where the blow falls: where the restore is held, or as soon as a line of the log is there. */
type Point = string | RegExp

/** Five for each, at which the victim is at work for sure. */
const POINTS: Readonly<Record<Mode, readonly Point[]>> = {
  'new-database': [/##\[group\]Create the database/, 'a', 'index', 'view', 'statistics'],
  swap: ['c', 'index', 'view', 'statistics', 'swap'],
  overwrite: [/Reading goes on/, /tables locked against change of structure/, 'a', 'd', 'index'],
}

function pointsOf(mode: Mode, victim: Victim): readonly Point[] {
  return victim === 'pg_restore' || victim === 'psql' ? TABLES : POINTS[mode]
}

interface Stage {
  readonly lab: Lab
  readonly target: HostedDatabase
  readonly bucket: TestBucket
}

/** Rows, their content, indexes, constraints and triggers of a database. */
async function fingerprint(url: string): Promise<string> {
  return await withClient(url, async client => {
    const counts = TABLES.map(name => `(SELECT count(*) FROM ${name})`).join(" || ' ' || ")
    const { rows } = await client.query(`
      SELECT ${counts} AS small, (SELECT count(*) || ' ' || sum(hashtextextended(z::text, 0)) FROM z) AS large,
             (SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace) AS relations,
             (SELECT string_agg(k.conname, ' ' ORDER BY k.conname) FROM pg_constraint k WHERE k.connamespace = 'public'::regnamespace) AS constraints,
             (SELECT count(*) FROM pg_trigger)::text AS triggers`)
    return JSON.stringify(rows)
  })
}

/** Databases of our role beside the target. */
async function othersOf({ target }: Stage): Promise<readonly string[]> {
  return await withClient(target.url, async client => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT d.datname AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = current_user AND d.datname <> current_database() ORDER BY 1',
    )
    return rows.map(({ name }) => name)
  })
}

/** Waits until a backend of the restore sleeps where it is held; its process id. */
async function untilHeld({ lab, target }: Stage): Promise<number> {
  return await withClient(databaseUrl(lab, 'postgres'), async client => {
    for (;;) {
      const { rows } = await client.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND wait_event = 'PgSleep'",
        [target.user],
      )
      if (rows[0] !== undefined) return rows[0].pid
      await sleep(5)
    }
  })
}

/** The newest backend that works for our role, as soon as there is one. */
async function backendOf({ lab, target }: Stage): Promise<number> {
  return await withClient(databaseUrl(lab, 'postgres'), async client => {
    for (;;) {
      const { rows } = await client.query<{ pid: number }>(
        'SELECT pid FROM pg_stat_activity WHERE usename = $1 ORDER BY backend_start DESC LIMIT 1',
        [target.user],
      )
      if (rows[0] !== undefined) return rows[0].pid
      await sleep(1)
    }
  })
}

async function strike(stage: Stage, victim: Victim, action: StartedAction, held?: number): Promise<void> {
  if (victim === 'the action') return action.signal('SIGKILL')
  if (victim === 'a backend of the server')
    return void process.kill(held ?? (await backendOf(stage)), 'SIGKILL')
  const tools = action.processes().filter(({ program }) => program === victim)
  expect(tools.length).toBeGreaterThan(0)
  for (const { pid } of tools) process.kill(pid, 'SIGKILL')
}

/** Runs a restore up to the point, kills the victim there, and lets the post step have its turn. */
async function runStruck(
  stage: Stage,
  inputs: Record<string, string>,
  point: Point,
  victim: Victim,
): Promise<{ readonly run: ActionRun; readonly post: ActionRun }> {
  const { lab, target, bucket } = stage
  const hold =
    typeof point === 'string' && point !== 'swap' ? { 'session-settings': `test.hold=${point}` } : {}
  const options = restoreOptions(lab, target, bucket, { ...inputs, ...hold })
  const action = startAction('restore-from-s3', options)
  if (typeof point !== 'string') {
    await action.waitForLog(point, 60_000)
    await strike(stage, victim, action)
  } else if (point === 'swap') {
    // A superuser who comes after the checks is waited for, and no other role can end that session.
    await action.waitForLog(/##\[group\]Check/, 60_000)
    const late = new Client({ connectionString: databaseUrl(lab, target.name) })
    late.on('error', () => {})
    await late.connect()
    await action.waitForLog(/##\[group\]Swap/, 60_000)
    await sleep(100)
    await strike(stage, victim, action)
    await late.end().catch(() => {})
  } else {
    const over = action.finished.then(({ log }) => expect.fail(`It ended before ${point}:\n${log}`))
    await strike(stage, victim, action, await Promise.race([untilHeld(stage), over]))
    over.catch(() => {})
  }
  const run = await action.finished
  await untilAnswers(target.url)
  const post = await runAction('restore-from-s3', { ...options, phase: 'post', after: run })
  return { run, post }
}

const CASES: ReadonlyArray<readonly [Mode, Victim]> = [
  ...(['new-database', 'swap', 'overwrite'] as const).flatMap(mode =>
    (['pg_restore', 'the action', 'a backend of the server'] as const).map(victim => [mode, victim] as const),
  ),
  ['overwrite', 'psql'],
]

describe('restore-from-s3 under faults', () => {
  const theirs = theLab()

  it.each(CASES)(
    'in mode %s, keeps the old data when %s is killed at each of five points, and succeeds when run again',
    { timeout: 300_000 },
    async (mode, victim) => {
      await using lab = await startPrivateServer(theirs)
      await using target = await createHosted(lab, HELD)
      await using bucket = await createBucket(lab)
      const stage = { lab, target, bucket }
      const backup = await dumpLogi(lab, target, bucket)
      const good = await fingerprint(target.url)
      await withClient(target.url, client => client.query(DAMAGE))
      const damaged = await fingerprint(target.url)
      const inputs = { mode, backup, 'terminate-sessions': 'true', jobs: '2' }

      for (const point of pointsOf(mode, victim)) {
        const known = await othersOf(stage)
        const { run, post } = await runStruck(stage, inputs, point, victim)
        const story = `${point}: ${run.endedBy ?? run.exitCode}\n${run.log}\n--- post\n${post.log}`
        expect(run.exitCode, story).not.toBe(0)
        if (victim === 'pg_restore')
          expect(run.annotations.at(-1), story).toMatchObject({
            title: 'restore-from-s3: TOOL_FAILED',
            message: expect.stringContaining('pg_restore ended with signal SIGKILL'),
          })
        expect(post.exitCode, story).toBe(0)
        expect(post.leftFiles, story).toEqual([])
        expect(await fingerprint(target.url), story).toBe(damaged)
        // What is left is whole, and the log says so.
        for (const name of (await othersOf(stage)).filter(other => !known.includes(other))) {
          expect(await fingerprint(target.urlOf(name)), story).toBe(good)
          expect(`${run.log}${post.log}`, story).toMatch(
            new RegExp(`${name}[^\\n]*stays|restored one is ${name}`),
          )
        }
      }

      const again = await runAction('restore-from-s3', restoreOptions(lab, target, bucket, inputs))
      expect(again.exitCode, again.log).toBe(0)
      expect(again.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
      expect(await fingerprint(target.urlOf(again.outputs['restored-to'] ?? ''))).toBe(good)
      if (mode === 'swap')
        expect(await fingerprint(target.urlOf(again.outputs['previous-database'] ?? ''))).toBe(damaged)
    },
  )
})
