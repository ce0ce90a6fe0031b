import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { parseRestoreRecord } from '../../src/core/restore/restore-record.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { type ActionRun, runAction } from '../support/runner.ts'
import { readBackup, tamper } from '../support/tamper.ts'

const SCHEMA = `
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO users (email) SELECT 'user' || i FROM generate_series(1, 100) AS i;
  CREATE SEQUENCE tickets;
  SELECT setval('tickets', 4711);
  -- Around large objects a script of pg_restore has a BEGIN and a COMMIT of its own.
  SELECT lo_from_bytea(4711, 'large');`

describe('restore-from-s3 over a database', () => {
  const lab = theLab()

  function overwrite(target: HostedDatabase, bucket: TestBucket): Promise<ActionRun> {
    return runAction(
      'restore-from-s3',
      restoreOptions(lab, target, bucket, { mode: 'overwrite', 'terminate-sessions': 'true' }),
    )
  }

  it('is verified, though the application writes from the moment that it may', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    const stop = new AbortController()
    const writers = Array.from({ length: 4 }, async () => {
      while (!stop.signal.aborted) {
        await withClient(hosted.url, async client => {
          while (!stop.signal.aborted)
            await client.query("INSERT INTO users (email) VALUES ('late'); SELECT nextval('tickets')")
        }).catch(() => sleep(5))
      }
    })

    const run = await overwrite(hosted, bucket)
    stop.abort()
    await Promise.all(writers)

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    const { rows } = await withClient(hosted.url, client =>
      client.query("SELECT count(*)::int AS old FROM users WHERE email LIKE 'user%'"),
    )
    expect(rows).toEqual([{ old: 100 }])
  })

  it.each([
    ['a value', "UPDATE users SET email = 'somebody else' WHERE id = 7", 'table users'],
    ['a row', 'DELETE FROM users WHERE id = 7', 'table users'],
    ['a sequence', "SELECT setval('tickets', 1)", 'sequence tickets'],
  ])('is rolled back where %s is not what the manifest says', async (_, change, name) => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dumpLogi(lab, hosted, bucket)
    await tamper(lab, bucket, await readBackup(bucket), change)
    await withClient(hosted.url, client => client.query('CREATE TABLE later (id int)'))
    const before = await databaseDigest(lab, hosted.url)

    const run = await overwrite(hosted, bucket)

    expect(run.exitCode).toBe(1)
    expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: RESTORE_FAILED')
    expect(run.annotations.at(-1)?.message).toContain(name)
    expect(run.annotations.at(-1)?.message).toContain('Rolled back')
    expect(run.outputs).toMatchObject({ outcome: 'failed', verdict: 'fail', 'restored-to': '' })
    expect(run.summary).toContain('❌ | ')
    expect(await databaseDigest(lab, hosted.url)).toBe(before)
    const key = (await bucket.list('backups/restores/logi/')).at(-1) ?? ''
    const record = parseRestoreRecord((await bucket.read(key)).toString(), key)
    expect(record.checks.filter(({ verdict }) => verdict === 'fail')).toMatchObject([{ name }])
  })
})
