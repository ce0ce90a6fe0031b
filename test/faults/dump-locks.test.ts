import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase, withClient } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { startAction } from '../support/runner.ts'

/** pg_dump takes its time over the first table; the site uses the second. */
const SITE = `
  CREATE TABLE a_archive AS SELECT i AS id, md5(i::text) || md5((i * 7)::text) AS token FROM generate_series(1, 600000) AS i;
  CREATE TABLE z_users (id serial PRIMARY KEY, email text);
  INSERT INTO z_users (email) SELECT 'user' || i FROM generate_series(1, 100) AS i;`

/** Reads and writes as a site does until told to stop; returns how long the slowest took. */
function visit(database: TestDatabase): { leave(): Promise<number> } {
  let isOpen = true
  const visits = withClient(database.url, async client => {
    let slowestMs = 0
    while (isOpen) {
      const startedAt = performance.now()
      await client.query("SELECT count(email) FROM z_users; UPDATE z_users SET email = 'x' WHERE id = 1")
      slowestMs = Math.max(slowestMs, performance.now() - startedAt)
      await sleep(10)
    }
    return slowestMs
  })
  return {
    leave: () => {
      isOpen = false
      return visits
    },
  }
}

async function untilCopying(database: TestDatabase): Promise<void> {
  for (let i = 0; i < 400; i += 1) {
    const found = await database.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg-runbook' AND query LIKE 'COPY%'",
    )
    if (found.length > 0) return
    await sleep(25)
  }
  throw new Error('pg_dump copies nothing')
}

describe('a dump while the site is in use', { timeout: 120_000 }, () => {
  const lab = theLab()

  it('yields to a change of a table before a session waits longer than lock-timeout', async () => {
    await using source = await createDatabase(lab, SITE)
    await using bucket = await createBucket(lab)
    const site = visit(source)
    const inputs = { compression: 'zstd:22', 'lock-timeout': '2s' }
    const action = startAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs }))
    await untilCopying(source)

    const startedAt = performance.now()
    const pid = await withClient(source.url, async client => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await client.query('ALTER TABLE z_users ADD COLUMN seen timestamptz')
      return rows[0]?.pid
    })
    const waitedMs = performance.now() - startedAt
    const run = await action.finished

    const slowestMs = await site.leave()
    expect(run.annotations.at(-1)?.title).toBe('dump-to-s3: DATABASE_LOCKED')
    expect(run.annotations.at(-1)?.message).toMatch(
      new RegExp(`Dump aborted: pid ${pid} .* waited .* for a lock on public.z_users.*ALTER TABLE z_users`),
    )
    // On a machine of its own within the 2 s; other tests share the cores.
    expect(waitedMs).toBeLessThan(4000)
    expect(slowestMs).toBeLessThan(4000)
    expect(await bucket.list()).toEqual([])
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it('keeps nobody from changing a sequence', async () => {
    await using source = await createDatabase(lab, SITE)
    await using bucket = await createBucket(lab)
    const inputs = { compression: 'zstd:6' }
    const action = startAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs }))
    await untilCopying(source)

    await source.query('SET lock_timeout = 1000; ALTER SEQUENCE z_users_id_seq INCREMENT BY 2')

    expect((await action.finished).exitCode).toBe(0)
  })

  it('does not wait for itself: a change that waits for the dump does not stop it', async () => {
    await using source = await createDatabase(lab, SITE)
    await using bucket = await createBucket(lab)
    const inputs = { compression: 'zstd:6', fingerprint: 'content' }
    const action = startAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs }))
    await untilCopying(source)

    const altered = source.query('ALTER TABLE z_users ADD COLUMN seen timestamptz')
    const run = await action.finished
    await altered

    expect(run.log).toContain('backup complete.')
    expect(run.outputs.rows).toBe('600100')
  })
})
