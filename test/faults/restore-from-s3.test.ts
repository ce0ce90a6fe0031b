import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Lab } from '../../scripts/lab/lab.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { databaseUrl, withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { startPrivateServer, untilAnswers } from '../support/private-server.ts'
import { type ActionOptions, runAction, type StartedAction, startAction } from '../support/runner.ts'

/** A second or so to restore, so that there is a middle to be killed in. */
const EVENTS = `
  CREATE TABLE events (id bigserial PRIMARY KEY, token text NOT NULL, created_at timestamptz NOT NULL);
  INSERT INTO events (token, created_at)
    SELECT md5(i::text) || md5((i * 7)::text), '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 second' FROM generate_series(1, 150000) AS i;
  CREATE INDEX ON events (token);
  CREATE INDEX ON events (created_at);
  CREATE TABLE audit (id bigserial PRIMARY KEY, event_id bigint NOT NULL REFERENCES events, note text);
  INSERT INTO audit (event_id, note) SELECT i, 'seen' FROM generate_series(1, 50000) AS i;
  CREATE FUNCTION audit_is_worm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit is write-once'; END $$;
  CREATE TRIGGER worm_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_worm();
  CREATE TRIGGER worm_table BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_worm();`

/** What makes the target differ from its backup. */
const DAMAGE = `UPDATE events SET token = 'lost' WHERE id % 2 = 0; CREATE TABLE later (event_id bigint REFERENCES events);`

/**
 * When the blow falls: at a line of the log, and how far into what follows it, as a share of the time that this took on this
 * machine when nobody struck.
 */
const POINTS: Readonly<Record<Mode, ReadonlyArray<readonly [line: RegExp, share: number]>>> = {
  'new-database': [
    [/Create the database/, 0],
    [/##\[group\]Restore/, 0.1],
    [/##\[group\]Restore/, 0.4],
    [/##\[group\]Restore/, 0.7],
    [/##\[group\]Check/, 0.1],
  ],
  swap: [
    [/##\[group\]Restore/, 0.1],
    [/##\[group\]Restore/, 0.4],
    [/##\[group\]Restore/, 0.7],
    [/##\[group\]Check/, 0.1],
    [/##\[group\]Swap/, 0],
  ],
  overwrite: [
    [/##\[group\]Lock/, 0],
    [/##\[group\]Back up/, 0.3],
    [/##\[group\]Replace/, 0.1],
    [/##\[group\]Replace/, 0.4],
    [/##\[group\]Replace/, 0.7],
  ],
}

type Mode = 'new-database' | 'swap' | 'overwrite'

interface Stage {
  readonly lab: Lab
  readonly target: HostedDatabase
  readonly bucket: TestBucket
}

/** Rows, their content and their indexes, of a database. */
async function fingerprint(url: string): Promise<string> {
  return await withClient(url, async client => {
    const { rows } = await client.query(`
      SELECT (SELECT count(*) || ' ' || sum(hashtextextended(e::text, 0)) FROM events e) AS events,
             (SELECT count(*) || ' ' || sum(hashtextextended(a::text, 0)) FROM audit a) AS audit,
             (SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace) AS relations,
             (SELECT string_agg(k.conname, ' ' ORDER BY k.conname) FROM pg_constraint k WHERE k.connamespace = 'public'::regnamespace) AS constraints,
             (SELECT count(*) FROM pg_trigger)::text AS triggers`)
    return JSON.stringify(rows)
  })
}

async function databasesOf({ target }: Stage): Promise<readonly string[]> {
  return await withClient(target.url, async client => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT d.datname AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = current_user ORDER BY 1',
    )
    return rows.map(({ name }) => name)
  })
}

function options({ lab, target, bucket }: Stage, mode: Mode, backup: string): ActionOptions {
  return {
    inputs: {
      'target-url': target.url,
      destination: `s3://${bucket.name}/backups`,
      database: 'logi',
      mode,
      backup,
      confirm: target.name,
      disconnect: 'true',
      jobs: '2',
    },
    env: labEnvironment(lab),
  }
}

/** How long the phases of an undisturbed run take, by the lines that begin them. */
async function measurePhases(action: StartedAction, lines: readonly RegExp[]): Promise<Phases> {
  const begins = await Promise.all(
    lines.map(async line => {
      await action.waitForLog(line, 60_000)
      return { line: line.source, at: performance.now() }
    }),
  )
  const run = await action.finished
  expect(run.exitCode, run.log).toBe(0)
  const ends = [...begins.map(({ at }) => at), performance.now()].toSorted((a, b) => a - b)
  return new Map(begins.map(({ line, at }) => [line, (ends.find(end => end > at + 5) ?? at) - at]))
}

type Phases = ReadonlyMap<string, number>

/** Kills one of ours: the tool that restores or dumps, or the next one that does. False when none came any more. */
async function killTool(_: Stage, action: StartedAction): Promise<boolean> {
  let isOver = false
  action.finished.finally(() => {
    isOver = true
  })
  while (!isOver) {
    const tool = action.processes().find(({ program }) => /^(pg_restore|psql|pg_dump)$/.test(program))
    if (tool !== undefined) return strike(tool.pid)
    await sleep(2)
  }
  return false
}

/** False when it has ended in the meantime. */
function strike(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

/** Kills a backend of the server that works for our role: the server then ends all of them and recovers. */
async function killBackend({ target, lab }: Stage): Promise<boolean> {
  const pid = await withClient(databaseUrl(lab, 'postgres'), async client => {
    const { rows } = await client.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE usename = $1 ORDER BY backend_start DESC LIMIT 1',
      [target.user],
    )
    return rows[0]?.pid
  })
  return pid !== undefined && strike(pid)
}

async function killAction(_: Stage, action: StartedAction): Promise<boolean> {
  action.signal('SIGKILL')
  return true
}

const VICTIMS = {
  'the tool': killTool,
  'the action': killAction,
  'a backend of the server': killBackend,
} as const

const CASES = (['new-database', 'swap', 'overwrite'] as const).flatMap(mode =>
  (Object.keys(VICTIMS) as Array<keyof typeof VICTIMS>).map(victim => [mode, victim] as const),
)

describe('restore-from-s3 under faults', () => {
  const theirs = theLab()

  it.each(CASES)(
    'in mode %s, keeps the old data when %s is killed at any of five points, and succeeds when run again',
    { timeout: 300_000 },
    async (mode, victim) => {
      await using lab = await startPrivateServer(theirs)
      await using target = await createHosted(lab, EVENTS)
      await using bucket = await createBucket(lab)
      const stage = { lab, target, bucket }
      const dumped = await runAction(
        'dump-to-s3',
        dumpOptions(lab, target, bucket, { inputs: { database: 'logi', fingerprint: 'content' } }),
      )
      expect(dumped.exitCode, dumped.log).toBe(0)
      const backup = dumped.outputs['backup-id'] ?? ''
      const good = await fingerprint(target.url)
      await withClient(target.url, client => client.query(DAMAGE))
      const damaged = await fingerprint(target.url)
      let blows = 0
      let failures = 0
      const phases = await measurePhases(
        startAction('restore-from-s3', options(stage, mode, backup)),
        POINTS[mode].map(([line]) => line),
      )
      await expectIntact(stage, { mode, good, damaged, story: 'undisturbed', succeeded: true })
      if (mode !== 'new-database') await withClient(target.url, client => client.query(DAMAGE))

      for (const [line, share] of POINTS[mode]) {
        const action = startAction('restore-from-s3', options(stage, mode, backup))
        await action.waitForLog(line, 60_000)
        const afterMs = Math.round(share * (phases.get(line.source) ?? 0))
        await sleep(afterMs)
        if (await VICTIMS[victim](stage, action)) blows += 1
        const run = await action.finished
        await untilAnswers(target.url)
        const post = await runAction('restore-from-s3', {
          ...options(stage, mode, backup),
          phase: 'post',
          after: run,
        })
        const story = `${line} + ${afterMs} ms: ${run.endedBy ?? run.exitCode}\n${run.log}\n--- post\n${post.log}`
        expect(post.exitCode, story).toBe(0)
        expect(post.leftFiles, story).toEqual([])
        if (run.exitCode !== 0) failures += 1
        await expectIntact(stage, { mode, good, damaged, story, succeeded: run.exitCode === 0 })
        // A blow after the swap or the commit: the next one needs something to lose again.
        if (mode !== 'new-database' && (await fingerprint(target.url)) === good)
          await withClient(target.url, client => client.query(DAMAGE))
      }

      expect(blows).toBeGreaterThanOrEqual(3)
      expect(failures).toBeGreaterThanOrEqual(2)
      const again = await runAction('restore-from-s3', options(stage, mode, backup))
      expect(again.exitCode, again.log).toBe(0)
      expect(again.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
      expect(await fingerprint(target.urlOf(again.outputs['restored-to'] ?? ''))).toBe(good)
    },
  )
})

interface Expected {
  readonly mode: Mode
  readonly good: string
  readonly damaged: string
  readonly story: string
  readonly succeeded: boolean
}

/** The old data is where it was, or the restored one is, with the old one beside it; and nothing else is left. */
async function expectIntact(
  stage: Stage,
  { mode, good, damaged, story, succeeded }: Expected,
): Promise<void> {
  const { target } = stage
  const now = await fingerprint(target.url)
  const others = (await databasesOf(stage)).filter(name => name !== target.name)
  if (mode === 'new-database') expect(now, story).toBe(damaged)
  else expect([good, damaged], story).toContain(now)
  const unfinished = others.filter(name => name.includes('_restored_'))
  const before = others.filter(name => name.includes('_before_'))
  // A database that is finished may stay when its maker died a moment later; an unfinished one may not.
  for (const name of unfinished) expect(await fingerprint(target.urlOf(name)), story).toBe(good)
  for (const name of before) expect(await fingerprint(target.urlOf(name)), story).toBe(damaged)
  if (mode === 'swap' && now === good) expect(before.length, story).toBeGreaterThan(0)
  if (succeeded && mode === 'new-database') expect(unfinished.length, story).toBe(1)
  await withClient(target.url, async client => {
    for (const name of others) await client.query(`DROP DATABASE "${name}" WITH (FORCE)`)
  })
}
