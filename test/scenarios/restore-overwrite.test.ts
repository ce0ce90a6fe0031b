import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { runAction, startAction } from '../support/runner.ts'

const SMALL = `
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);
  INSERT INTO users (email) SELECT 'user' || i FROM generate_series(1, 1000) AS i;
  CREATE TABLE links (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int NOT NULL REFERENCES users);
  INSERT INTO links (user_id) SELECT i FROM generate_series(1, 500) AS i;`

const OVERWRITE = { mode: 'overwrite' }
const ROWS = { ...OVERWRITE, content: 'data', tables: 'links' }

/** A client that reads for as long as it is let, and comes back at once. */
async function readUntil(url: string, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const client = new Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.query('BEGIN; SELECT count(*) FROM links; SELECT count(*) FROM users; SELECT pg_sleep(60)')
    } catch {
      await sleep(1)
    } finally {
      await client.end().catch(() => {})
    }
  }
}

describe('restore-from-s3 in mode overwrite', () => {
  const lab = theLab()

  it.each([
    ['a table', 'CREATE TABLE later AS SELECT 1 AS x', 'table later'],
    ['a sequence', 'CREATE SEQUENCE numbers', 'sequence numbers'],
    ['a large object', "SELECT lo_from_bytea(0, 'x')", '1 large object'],
    ['a materialised view', 'CREATE MATERIALIZED VIEW v AS SELECT * FROM users', '1 view'],
  ])('rolls back when %s appears after the safety backup', async (_, sql, named) => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const action = startAction('restore-from-s3', restoreOptions(lab, hosted, bucket, OVERWRITE))
    await action.waitForLog(/tables locked against change of structure/)

    await withClient(hosted.url, client => client.query(sql))
    const after = await databaseDigest(lab, hosted.url)
    const run = await action.finished

    expect(run.annotations.at(-1)?.title, run.log).toBe('restore-from-s3: TARGET_BUSY')
    expect(run.annotations.at(-1)?.message).toContain(named)
    expect(await databaseDigest(lab, hosted.url)).toBe(after)
    expect(run.outputs).toMatchObject({ outcome: 'failed', notice: '' })
  })

  it('keeps the rows of an extension of the provider’s, as PostGIS has them', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await withClient(hosted.adminUrl, client =>
      client.query(`CREATE EXTENSION citext; CREATE TABLE settings (id int); INSERT INTO settings VALUES (7);
        GRANT SELECT ON settings TO ${hosted.user}; ALTER EXTENSION citext ADD TABLE settings;
        UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid], extcondition = ARRAY[''] WHERE extname = 'citext'`),
    )
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const good = await databaseDigest(lab, hosted.url)
    await withClient(hosted.url, client => client.query('DELETE FROM links'))

    const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, OVERWRITE))

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    expect(await databaseDigest(lab, hosted.url)).toBe(good)
  })

  it('gets through readers that come back at once, when it may cut them off', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const good = await databaseDigest(lab, hosted.url)
    await withClient(hosted.url, client => client.query('DELETE FROM links'))
    const stop = new AbortController()
    const readers = Array.from({ length: 8 }, () => readUntil(hosted.url, stop.signal))

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...OVERWRITE, 'terminate-sessions': 'true' }),
    )
    stop.abort()
    await withClient(hosted.adminUrl, client =>
      client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()",
      ),
    )
    await Promise.all(readers)

    expect(run.exitCode, run.log).toBe(0)
    expect(Number(/(\d+) sessions? terminated/.exec(run.log)?.[1])).toBeGreaterThanOrEqual(8)
    expect(await databaseDigest(lab, hosted.url)).toBe(good)
    expect(Number(run.outputs['window-milliseconds'])).toBeGreaterThan(0)
  })

  it.each([
    ['writes before the lock', /Preflight passed/, 'UPDATE users SET email = email WHERE id = 1'],
    ['reads before the replacement', /Back up .* as it is/, 'SELECT count(*) FROM users'],
  ])('names, within seconds, who %s when it may not cut them off', async (_, line, sql) => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const before = await databaseDigest(lab, hosted.url)
    const action = startAction('restore-from-s3', restoreOptions(lab, hosted, bucket, OVERWRITE))
    await action.waitForLog(line)
    const run = await withClient(hosted.url, async client => {
      await client.query(`SET application_name = 'sidekiq'; BEGIN; ${sql}`)
      return await action.finished
    })

    expect(run.annotations.at(-1)?.title, run.log).toBe('restore-from-s3: TARGET_BUSY')
    expect(run.annotations.at(-1)?.message).toContain('sidekiq')
    expect(run.durationMs).toBeLessThan(30_000)
    expect(await databaseDigest(lab, hosted.url)).toBe(before)
  })

  it('repairs a database whose schema public is gone', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const good = await databaseDigest(lab, hosted.url)
    const schema = `SELECT pg_get_userbyid(nspowner) AS owner, nspacl::text AS acl FROM pg_namespace WHERE nspname = 'public'`
    const before = await withClient(hosted.url, async client => (await client.query(schema)).rows)
    await withClient(hosted.adminUrl, client => client.query('DROP SCHEMA public CASCADE'))

    const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, OVERWRITE))

    expect(run.exitCode, run.log).toBe(0)
    expect(await databaseDigest(lab, hosted.url)).toBe(good)
    const rows = await withClient(hosted.url, async client => (await client.query(schema)).rows)
    expect(rows).toEqual(before)
  })

  it('touches only the chosen tables with content: data, and moves their sequences on', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, client =>
      client.query(
        `TRUNCATE links RESTART IDENTITY;
         CREATE TABLE secret (id int); ALTER TABLE secret ENABLE ROW LEVEL SECURITY; ALTER TABLE secret FORCE ROW LEVEL SECURITY`,
      ),
    )

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...ROWS, 'skip-safety-backup': 'links are lost anyway' }),
    )

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs.verdict).toBe('pass')
    expect(run.log).toContain('links_id_seq stood at 1, behind 500 in links.id: moved on')
    const { rows } = await withClient(hosted.url, client =>
      client.query('INSERT INTO links (user_id) VALUES (1) RETURNING id::int'),
    )
    expect(rows).toEqual([{ id: 501 }])
    expect(run.outputs.notice).toContain('Some data of the database <code>logi</code> was rolled back')
  })

  it('replaces rows that refer to each other, those that are referred to first', async () => {
    await using hosted = await createHosted(
      lab,
      `${SMALL}
       CREATE TABLE events (id int PRIMARY KEY, user_id int REFERENCES users) PARTITION BY RANGE (id);
       CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10); INSERT INTO events VALUES (1, 1);
       CREATE TABLE event_notes (event_id int REFERENCES events) PARTITION BY LIST (event_id);
       CREATE TABLE event_notes_1 PARTITION OF event_notes DEFAULT; INSERT INTO event_notes VALUES (1)`,
    )
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const good = await databaseDigest(lab, hosted.url)
    await withClient(hosted.url, client => client.query('TRUNCATE users, links, events, event_notes'))

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...OVERWRITE, content: 'data', tables: '*' }),
    )

    expect(run.exitCode, run.log).toBe(0)
    expect(await databaseDigest(lab, hosted.url)).toBe(good)
  })

  it('moves no sequence to rows that lie beyond what it can give out', async () => {
    await using hosted = await createHosted(
      lab,
      `CREATE TABLE users (id serial PRIMARY KEY); ALTER TABLE users ALTER id TYPE bigint;
       INSERT INTO users SELECT FROM generate_series(1, 10); INSERT INTO users VALUES (9000000000)`,
    )
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, client => client.query('TRUNCATE users RESTART IDENTITY'))

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...ROWS, tables: 'users' }),
    )

    expect(run.exitCode, run.log).toBe(0)
    expect(run.log).toContain('users_id_seq stood at 1, behind 10 in users.id: moved on')
  })

  it('works where every transaction is serializable, deferrable and reads backslashes', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await withClient(hosted.url, async client => {
      await client.query(`ALTER DATABASE ${hosted.name} SET default_transaction_isolation TO serializable`)
      await client.query(`ALTER DATABASE ${hosted.name} SET default_transaction_deferrable TO on`)
      await client.query(`ALTER DATABASE ${hosted.name} SET standard_conforming_strings TO off`)
    })

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, { ...OVERWRITE, timeout: '20s' }),
    )

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
  })

  it('replaces, for a superuser, casts between types that stay', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await withClient(hosted.adminUrl, client =>
      client.query('CREATE CAST (text AS integer) WITH INOUT AS IMPLICIT'),
    )
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)

    const run = await runAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, {
        ...OVERWRITE,
        'target-url': hosted.adminUrl,
        // The cast is a superuser's, and must be one's again.
        'owner-role': new URL(hosted.adminUrl).username,
      }),
    )

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs.verdict).toBe('pass')
  })

  it('says that users have other data when the checks after the commit fail', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const action = startAction(
      'restore-from-s3',
      restoreOptions(lab, hosted, bucket, {
        ...OVERWRITE,
        'all-or-nothing': 'false',
        'skip-safety-backup': 'the data is known to be lost',
      }),
    )
    await action.waitForLog(/is empty now/)
    await withClient(hosted.adminUrl, client =>
      client.query(
        // New sessions only read while the database is filled.
        `BEGIN READ WRITE;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${hosted.name}' AND pid <> pg_backend_pid();
         ALTER ROLE ${hosted.user} NOLOGIN;
         COMMIT`,
      ),
    )

    const run = await action.finished

    expect(run.exitCode).toBe(1)
    expect(run.outputs.outcome, run.log).toBe('unverified')
    expect(run.outputs.notice).toContain('was rolled back')
    expect(run.summary).not.toContain('Not restored')
    expect(run.summary).toContain('### Notice to users')
  })
})
