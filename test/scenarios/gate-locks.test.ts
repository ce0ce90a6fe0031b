import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase, withClient } from '../support/database.ts'
import { expectClosed, runGate, startGate, USERS } from '../support/gate.ts'
import { theLab } from '../support/lab.ts'

const lab = theLab()
/** What a statement takes on a machine that does much else at the same time. */
const NOISE_MS = 700

describe('blocking sessions', () => {
  it('close the gate by default, and are named', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const run = await withClient(source.url, async client => {
      await client.query("BEGIN; ALTER TABLE users ADD COLUMN plan text DEFAULT 'geheim'")
      return runGate(source, bucket)
    })

    expectClosed(run, 'GATE_BLOCKED')
    expect(run.annotations.at(-1)?.message).toMatch(
      /lock, pid \d+, user \w+, idle in transaction, .*AccessExclusiveLock on public.users, .*ALTER TABLE users/,
    )
    expect(run.rawLog).not.toContain('geheim')
    expect(await bucket.list()).toEqual([])
  })

  it('are waited for as long as on-blockers says, and no longer', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const wait = (duration: string) => ({
      inputs: { 'on-blockers': `wait:${duration}`, 'verify-level': 'checksum' },
    })
    const [late, patient] = await withClient(source.url, async client => {
      await client.query('BEGIN; LOCK TABLE users')
      const late = await runGate(source, bucket, wait('1s'))
      const action = startGate(source, bucket, wait('1m'))
      await action.waitForLog(/blocking: lock/)
      await client.query('COMMIT')
      return [late, await action.finished] as const
    })

    expectClosed(late, 'GATE_BLOCKED')
    expect(late.durationMs).toBeLessThan(8000)
    expect(patient.exitCode, patient.log).toBe(0)
    expect(patient.outputs['verified-level']).toBe('checksum')
  })

  it('are transactions older than max-transaction-age', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const [strict, lax] = await withClient(source.url, async client => {
      await client.query('BEGIN; SELECT * FROM users')
      await sleep(500)
      return [
        await runGate(source, bucket, { inputs: { 'max-transaction-age': '500ms' } }),
        await runGate(source, bucket, { inputs: { 'verify-level': 'checksum' } }),
      ] as const
    })

    expectClosed(strict, 'GATE_BLOCKED')
    expect(strict.annotations.at(-1)?.message).toMatch(/transaction, pid \d+, .*SELECT \* FROM users/)
    expect(lax.exitCode, lax.log).toBe(0)
  })

  it('that this role may not look into are counted in the summary', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const role = `reader_${source.name.slice(-8)}`
    await source.query(`CREATE ROLE ${role} LOGIN PASSWORD 'word-of-pass'; GRANT pg_read_all_data TO ${role}`)
    const url = new URL(source.url)
    url.username = role
    url.password = 'word-of-pass'
    const run = await withClient(source.url, async client => {
      await client.query('BEGIN; SELECT 1')
      return runGate({ url: url.href }, bucket, { inputs: { 'verify-level': 'checksum' } })
    })
    await source.query(`DROP ROLE ${role}`)

    expect(run.exitCode, run.log).toBe(0)
    expect(run.summary).toMatch(/This role may not see what \d other sessions? do.*pg_monitor/)
  })
})

describe('a table that is locked against everybody', () => {
  it('closes the gate within lock-timeout and a second, and delays no other session', async () => {
    // Ours waits for zeta last, when it has the lock of every other table.
    await using source = await createDatabase(
      lab,
      `${USERS} CREATE TABLE alpha (id int PRIMARY KEY, n int); INSERT INTO alpha VALUES (1, 0); CREATE TABLE zeta (id int)`,
    )
    await using bucket = await createBucket(lab)
    const stop = new AbortController()
    const clients = [
      worstWaitMs(source, 'SELECT count(*) FROM users', stop.signal),
      worstWaitMs(source, "UPDATE users SET email = 'x' WHERE id = 7", stop.signal),
      worstWaitMs(source, 'UPDATE alpha SET n = n + 1', stop.signal),
    ]
    const { run, sinceLocksMs, holder, alterMs } = await withClient(source.url, async client => {
      await client.query('BEGIN; LOCK TABLE zeta IN ACCESS EXCLUSIVE MODE')
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
      const action = startGate(source, bucket, {
        inputs: { 'on-blockers': 'ignore', 'lock-timeout': '1s' },
      })
      await ourLockOn(source, 'users')
      const since = performance.now()
      // A migration that waits for as long as it takes: behind us, and all other sessions behind it.
      const alter = withClient(source.url, other =>
        timed(() => other.query('ALTER TABLE users ADD COLUMN plan text')),
      )
      const run = await action.finished
      const sinceLocksMs = performance.now() - since
      return { run, sinceLocksMs, holder: rows[0].pid, alterMs: await alter }
    })
    stop.abort()
    const worst = await Promise.all(clients)

    expectClosed(run, 'DATABASE_LOCKED')
    expect(run.annotations.at(-1)?.message).toContain(`zeta is locked by pid ${holder}`)
    expect(sinceLocksMs).toBeLessThan(1000 + 1000)
    // It did wait behind us, or this would prove nothing.
    expect(alterMs).toBeGreaterThan(300)
    expect(Math.max(...worst, alterMs)).toBeLessThan(1000 + NOISE_MS)
    expect(await bucket.list()).toEqual([])
  })

  it('and one that is altered while we dump keeps nobody waiting for longer either', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const stop = new AbortController()
    const clients = [
      worstWaitMs(source, 'SELECT count(*) FROM users', stop.signal),
      worstWaitMs(source, "UPDATE users SET email = 'x' WHERE id = 7", stop.signal),
    ]
    const action = startGate(source, bucket, {
      inputs: { 'on-blockers': 'ignore', 'lock-timeout': '1s', 'verify-level': 'checksum' },
    })
    await ourLockOn(source, 'users')
    const alterMs = await withClient(source.url, other =>
      timed(() => other.query('ALTER TABLE users ADD COLUMN plan text')),
    )
    const run = await action.finished
    stop.abort()

    expect(Math.max(...(await Promise.all(clients)), alterMs)).toBeLessThan(1000 + NOISE_MS)
    if (run.exitCode !== 0) expectClosed(run, 'DATABASE_LOCKED')
  })
})

/** Resolves when the gate has the lock of a table. */
async function ourLockOn(source: TestDatabase, table: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const found = await source.query(
      `SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE relation = '${table}'::regclass AND mode = 'AccessShareLock' AND granted AND application_name = 'pg-runbook'`,
    )
    if (found.length > 0) return
    await sleep(10)
  }
  throw new Error(`The gate did not lock ${table} within 5 s`)
}

/** The longest that a statement of a client took that never stops, in milliseconds. */
async function worstWaitMs(source: TestDatabase, sql: string, signal: AbortSignal): Promise<number> {
  let worst = 0
  await withClient(source.url, async client => {
    while (!signal.aborted) {
      worst = Math.max(worst, await timed(() => client.query(sql)))
      await sleep(10)
    }
  })
  return worst
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now()
  await work()
  return performance.now() - since
}
