import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/core/backup/manifest.ts'
import { parseRestoreRecord } from '../../src/core/restore/restore-record.ts'
import { buildDemoDatabase } from '../data/logi.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { annotationsOf } from '../support/restore-run.ts'
import { type ActionOptions, type ActionRun, runAction } from '../support/runner.ts'

const SMALL = `
  CREATE EXTENSION citext;
  CREATE TABLE users (id serial PRIMARY KEY, email citext NOT NULL UNIQUE, created_at timestamptz NOT NULL);
  INSERT INTO users (email, created_at) SELECT 'user' || i || '@example.com', now() - i * interval '1 minute' FROM generate_series(0, 999) AS i;
  CREATE TABLE links (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int NOT NULL REFERENCES users, provider text);
  INSERT INTO links (user_id, provider) SELECT i, 'google' FROM generate_series(1, 500) AS i;
  CREATE INDEX ON links (provider);`

describe('restore-from-s3', () => {
  const lab = theLab()

  async function dump(from: HostedDatabase, to: TestBucket, inputs: Record<string, string> = {}) {
    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, from, to, { inputs: { database: 'logi', fingerprint: 'content', ...inputs } }),
    )
    expect(run.exitCode, run.log).toBe(0)
    return run
  }

  function restore(
    target: HostedDatabase,
    bucket: TestBucket,
    { inputs = {}, env = {}, ...others }: ActionOptions = {},
  ): Promise<ActionRun> {
    return runAction('restore-from-s3', {
      inputs: {
        'target-url': target.url,
        destination: `s3://${bucket.name}/backups`,
        database: 'logi',
        ...inputs,
      },
      env: { ...labEnvironment(lab), ...env },
      ...others,
    })
  }

  async function readRecord(bucket: TestBucket) {
    const key = (await bucket.list('backups/restores/logi/')).at(-1) ?? ''
    return parseRestoreRecord((await bucket.read(key)).toString(), key)
  }

  it('restores beside the database, exactly, as an owner who is no superuser', async () => {
    await using hosted = await createHosted(lab, buildDemoDatabase)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const before = await databaseDigest(lab, hosted.url)

    const run = await restore(hosted, bucket)

    expect(annotationsOf(run)).toEqual([])
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass', 'previous-database': '' })
    const restored = run.outputs['restored-to'] ?? ''
    expect(restored).toMatch(/_restored_\d{8}t\d{6}z$/)
    expect(await databaseDigest(lab, hosted.urlOf(restored))).toBe(before)
    expect(await databaseDigest(lab, hosted.url)).toBe(before)
    expect(run.summary).toContain(restored)
    expect(run.outputs.notice).toContain('may be lost')
    expect((await readRecord(bucket)).restore).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    expect(run.leftFiles).toEqual([])
    expect(run.leftProcesses).toEqual([])
  })

  it('restores into a database whose name libpq would take for a connection string', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const name = `it's=${hosted.name}\\`

    const run = await restore(hosted, bucket, { inputs: { 'new-database': name, jobs: '2' } })

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ verdict: 'pass', 'restored-to': name })
  })

  it('swaps the restored database in, and keeps the old one', async () => {
    await using hosted = await createHosted(lab, SMALL)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const before = await databaseDigest(lab, hosted.url)
    await withClient(hosted.url, client =>
      client.query("DELETE FROM links; UPDATE users SET email = 'x' || id"),
    )
    const damaged = await databaseDigest(lab, hosted.url)

    const run = await restore(hosted, bucket, { inputs: { mode: 'swap' } })

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass', 'restored-to': hosted.name })
    expect(await databaseDigest(lab, hosted.url)).toBe(before)
    expect(await databaseDigest(lab, hosted.urlOf(run.outputs['previous-database'] ?? ''))).toBe(damaged)
    expect(Number(run.outputs['window-milliseconds'])).toBeLessThan(1000)
  })

  describe('overwrite', () => {
    const overwrite = (target: HostedDatabase, inputs: Record<string, string> = {}) => ({
      inputs: { mode: 'overwrite', confirm: target.name, ...inputs },
    })

    it('puts the backup in the place of the contents, after a safety backup', async () => {
      await using hosted = await createHosted(lab, buildDemoDatabase)
      await using bucket = await createBucket(lab)
      await dump(hosted, bucket)
      const before = await databaseDigest(lab, hosted.url)
      // A bad migration: rows gone, and a table that no backup knows and that refers to one that it does.
      await withClient(hosted.url, client =>
        client.query(
          'TRUNCATE logi_event_dlqs; CREATE TABLE badges (id int PRIMARY KEY, user_id bigint REFERENCES users); CREATE SCHEMA junk; CREATE VIEW junk.v AS SELECT * FROM users',
        ),
      )
      const damaged = await databaseDigest(lab, hosted.url)

      const run = await restore(hosted, bucket, overwrite(hosted))

      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass', 'restored-to': hosted.name })
      expect(await databaseDigest(lab, hosted.url)).toBe(before)
      // The safety backup brings the damaged state back, and latest does not pick it.
      const safety = run.outputs['safety-backup-id'] ?? ''
      expect(safety).toContain('-safety-')
      const back = await restore(hosted, bucket, overwrite(hosted, { backup: safety }))
      expect(back.exitCode, back.log).toBe(0)
      expect(await databaseDigest(lab, hosted.url)).toBe(damaged)
      const latest = await restore(hosted, bucket, overwrite(hosted, { 'dry-run': 'true' }))
      expect(latest.outputs['backup-id']).not.toContain('safety')
      expect(latest.outputs.outcome).toBe('planned')
    })

    it('empties and fills in parallel when all-or-nothing is false', async () => {
      await using hosted = await createHosted(lab, SMALL)
      await using bucket = await createBucket(lab)
      await dump(hosted, bucket)
      const before = await databaseDigest(lab, hosted.url)
      await withClient(hosted.url, client => client.query('DROP TABLE users CASCADE'))

      const run = await restore(
        hosted,
        bucket,
        overwrite(hosted, {
          'all-or-nothing': 'false',
          'skip-safety-backup': 'the data is known to be lost',
        }),
      )

      expect(run.exitCode, run.log).toBe(0)
      expect(await databaseDigest(lab, hosted.url)).toBe(before)
      expect((await readRecord(bucket)).target).toMatchObject({
        safetyBackup: null,
        safetyBackupSkipped: 'the data is known to be lost',
        allOrNothing: false,
      })
    })

    it('replaces the rows of guarded tables only with the session setting of the guard', async () => {
      await using hosted = await createHosted(lab, buildDemoDatabase)
      await using bucket = await createBucket(lab)
      await dump(hosted, bucket)
      await withClient(hosted.url, client =>
        client.query("SET logi.allow_audit_purge = 'yes'; DELETE FROM logi_audit_events WHERE id % 3 = 0"),
      )
      const damaged = await databaseDigest(lab, hosted.url)
      const rows = { content: 'data', tables: 'logi_audit_events', triggers: 'fire' }

      const refused = await restore(hosted, bucket, overwrite(hosted, rows))
      expect(refused.exitCode).toBe(1)
      expect(refused.annotations.at(-1)?.message).toContain('session-settings')
      expect(await databaseDigest(lab, hosted.url)).toBe(damaged)

      const run = await restore(
        hosted,
        bucket,
        overwrite(hosted, { ...rows, 'session-settings': 'logi.allow_audit_purge=yes' }),
      )
      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs.verdict).toBe('pass')
    })

    it('terminates sessions when it may, and loses no write after the safety backup', async () => {
      await using hosted = await createHosted(lab, SMALL)
      await using bucket = await createBucket(lab)
      await dump(hosted, bucket)
      await withClient(hosted.url, client => client.query('CREATE TABLE later (id int)'))
      const stop = new AbortController()
      let acknowledged = 0
      const writers = Array.from({ length: 5 }, async () => {
        while (!stop.signal.aborted) {
          await withClient(hosted.url, async client => {
            for (; !stop.signal.aborted; acknowledged += 1) await client.query('INSERT INTO later VALUES (1)')
          }).catch(() => sleep(5))
        }
      })

      const run = await restore(hosted, bucket, overwrite(hosted, { 'terminate-sessions': 'true' }))
      stop.abort()
      await Promise.all(writers)

      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs.verdict).toBe('pass')
      expect(Number(/(\d+) sessions? terminated/.exec(run.log)?.[1])).toBeGreaterThanOrEqual(5)
      const key = `backups/manifests/logi/${run.outputs['safety-backup-id']}.json`
      const { fingerprint } = parseManifest((await bucket.read(key)).toString(), key)
      const saved = fingerprint.tables.find(({ name }) => name === 'later')?.rows
      expect(acknowledged).toBeGreaterThan(0)
      // A write whose answer was cut off may be in it too.
      expect(saved).toBeGreaterThanOrEqual(acknowledged)
      expect(saved).toBeLessThanOrEqual(acknowledged + 10)
    })

    it('is as before when a statement fails in the middle', async () => {
      await using hosted = await createHosted(lab, SMALL)
      await using bucket = await createBucket(lab)
      await dump(hosted, bucket)
      // An event trigger of the superuser refuses the last thing: everything before it has happened by then.
      await withClient(hosted.adminUrl, client =>
        client.query(`
          CREATE FUNCTION information_schema.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
            IF current_query() LIKE '%links_user_id_fkey%' THEN RAISE EXCEPTION 'not today'; END IF; END $$;
          CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION information_schema.refuse()`),
      )
      const before = await databaseDigest(lab, hosted.adminUrl)

      const run = await restore(hosted, bucket, overwrite(hosted))

      expect(run.exitCode).toBe(1)
      expect(run.annotations.at(-1)?.message).toContain('not today')
      expect(await databaseDigest(lab, hosted.adminUrl)).toBe(before)
      expect((await readRecord(bucket)).restore.outcome).toBe('failed')
    })
  })
})
