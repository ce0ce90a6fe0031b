import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { runAction } from '../support/runner.ts'

/** An index that takes a second to build, in one statement, while the other worker has nothing to do. */
const SLOW = `
  CREATE FUNCTION slow(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN id; END $$;
  CREATE TABLE users (id int, created_at timestamptz NOT NULL DEFAULT '2026-01-01');
  INSERT INTO users (id) SELECT generate_series(1, 100);
  CREATE INDEX ON users (slow(id));`

/** Each would end the restore: it is given a third of the time that the index takes. */
const SETTINGS = [
  "statement_timeout = '300ms'",
  "lock_timeout = '300ms'",
  "transaction_timeout = '300ms'",
  "idle_in_transaction_session_timeout = '300ms'",
  "idle_session_timeout = '300ms'",
  'default_transaction_read_only = on',
]

describe('restore-from-s3 into a database of a hurried role', () => {
  const lab = theLab()

  it.each(['new-database', 'swap', 'overwrite'])(
    'outlives, in mode %s, what role and database impose on every session',
    async mode => {
      await using hosted = await createHosted(lab, SLOW)
      await using bucket = await createBucket(lab)
      await dumpLogi(lab, hosted, bucket)
      await withClient(hosted.adminUrl, async client => {
        for (const setting of SETTINGS) await client.query(`ALTER ROLE ${hosted.user} SET ${setting}`)
      })

      const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, { mode }))

      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs.verdict).toBe('pass')
      expect(run.durationMs).toBeGreaterThan(1000)
    },
  )
})
