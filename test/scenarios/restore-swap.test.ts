import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { buildDemoDatabase } from '../data/logi.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { databaseUrl, withClient } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { annotationsOf, dumpLogi } from '../support/restore-run.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const SMALL = `
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, created_at timestamptz NOT NULL);
  INSERT INTO users (email, created_at) SELECT 'user' || i, now() FROM generate_series(1, 100) AS i;`

/** What one client saw: when the old data answered last, and when the new data answered first. */
interface Seen {
  lastOldMs: number
  firstNewMs: number
  errors: Set<string>
}

/** A client that asks again and again, and reconnects as soon as it is cut off. */
async function askUntil(url: string, stop: AbortSignal): Promise<Seen> {
  const seen: Seen = { lastOldMs: 0, firstNewMs: 0, errors: new Set() }
  while (!stop.aborted) {
    const client = new Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      while (!stop.aborted) {
        const { rows } = await client.query<{ old: boolean }>(
          "SELECT to_regclass('damage') IS NOT NULL AS old",
        )
        const now = performance.now()
        if (rows[0]?.old) seen.lastOldMs = now
        else if (seen.firstNewMs === 0) seen.firstNewMs = now
        await sleep(5)
      }
    } catch (error) {
      seen.errors.add(error instanceof Error ? error.message : String(error))
    } finally {
      await client.end().catch(() => {})
    }
  }
  return seen
}

describe('restore-from-s3 in mode swap', () => {
  const lab = theLab()

  const dump = (from: HostedDatabase, to: TestBucket) => dumpLogi(lab, from, to, { fingerprint: 'counts' })

  function swap(
    target: HostedDatabase,
    bucket: TestBucket,
    inputs: Record<string, string> = {},
  ): Promise<ActionRun> {
    return runAction('restore-from-s3', {
      inputs: {
        'target-url': target.url,
        destination: `s3://${bucket.name}/backups`,
        database: 'logi',
        mode: 'swap',
        ...inputs,
      },
      env: labEnvironment(lab),
    })
  }

  it('is over within a second for 20 clients that reconnect at once', async () => {
    await using hosted = await createHosted(lab, buildDemoDatabase)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    await withClient(hosted.url, client => client.query('CREATE TABLE damage ()'))
    const stop = new AbortController()
    const clients = Array.from({ length: 20 }, () => askUntil(hosted.url, stop.signal))

    const run = await swap(hosted, bucket)
    await sleep(1000)
    stop.abort()
    const seen = await Promise.all(clients)

    expect(run.exitCode, run.log).toBe(0)
    const windows = seen.map(({ lastOldMs, firstNewMs }) => firstNewMs - lastOldMs)
    process.stdout.write(
      `swap seen by 20 clients: at most ${Math.round(Math.max(...windows))} ms, by the action ${run.outputs['window-milliseconds']} ms\n`,
    )
    for (const { lastOldMs, firstNewMs } of seen) expect(firstNewMs).toBeGreaterThan(lastOldMs)
    expect(Math.max(...windows)).toBeLessThan(1000)
  })

  it('gives the new database what the old one was set to', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const settings = `
      SELECT (SELECT string_agg(coalesce(r.rolname, '') || array_to_string(s.setconfig, ','), ';' ORDER BY r.rolname)
                FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole WHERE s.setdatabase = d.oid) AS settings,
             d.datconnlimit, (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(d.datacl) AS a) AS acl
        FROM pg_database d WHERE datname = current_database()`
    await withClient(hosted.adminUrl, async client => {
      await client.query(`ALTER DATABASE ${hosted.name} SET search_path TO public, "My Schema"`)
      await client.query(`ALTER DATABASE ${hosted.name} SET work_mem TO '7MB'`)
      await client.query(`ALTER ROLE ${hosted.user} IN DATABASE ${hosted.name} SET timezone TO 'Asia/Seoul'`)
      await client.query(`ALTER ROLE ${hosted.user} IN DATABASE ${hosted.name} SET search_path TO ''`)
      await client.query(`ALTER DATABASE ${hosted.name} CONNECTION LIMIT 30`)
      await client.query(`REVOKE CONNECT ON DATABASE ${hosted.name} FROM PUBLIC`)
      await client.query(`GRANT CONNECT ON DATABASE ${hosted.name} TO pg_monitor`)
    })
    const before = await withClient(hosted.url, async client => (await client.query(settings)).rows)

    const run = await swap(hosted, bucket)

    expect(run.exitCode, run.log).toBe(0)
    expect(await withClient(hosted.url, async client => (await client.query(settings)).rows)).toEqual(before)
    expect(annotationsOf(run)).toEqual([])
  })

  it('goes back with the SQL of the summary', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    await withClient(hosted.url, client => client.query('CREATE TABLE damage ()'))
    const run = await swap(hosted, bucket)
    const sql = /```sql\n(.*?)\n```/s.exec(run.summary)?.[1] ?? ''
    expect(sql).toContain('ALTER DATABASE')

    await withClient(databaseUrl(lab, 'postgres'), client => client.query(sql))

    const { rows } = await withClient(hosted.url, client =>
      client.query("SELECT to_regclass('damage') IS NOT NULL AS old"),
    )
    expect(rows).toEqual([{ old: true }])
  })

  it('renames nothing when a session cannot be ended, and keeps the restored database', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    // A superuser who comes after the checks, as a provider's monitoring does.
    const stop = new AbortController()
    const late = sleep(0).then(async () => {
      for (;;) {
        const others = await withClient(
          databaseUrl(lab, 'postgres'),
          async client =>
            (await client.query(`SELECT FROM pg_database WHERE datname LIKE '${hosted.name}\\_restored%'`))
              .rowCount,
        )
        if (others === 1 || stop.signal.aborted) break
        await sleep(20)
      }
      const client = new Client({ connectionString: hosted.adminUrl })
      client.on('error', () => {})
      await client.connect()
      return client
    })

    const run = await swap(hosted, bucket)
    stop.abort()
    await (await late).end()

    expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: SWAP_FAILED')
    expect(run.annotations.at(-1)?.message).toContain('Nothing was renamed')
    const restored = run.outputs['restored-to'] ?? ''
    expect(restored).toContain('_restored_')
    const { rows } = await withClient(hosted.urlOf(restored), client =>
      client.query('SELECT count(*)::int AS users FROM users'),
    )
    expect(rows).toEqual([{ users: 100 }])
  })
})
