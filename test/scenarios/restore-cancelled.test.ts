import { describe, expect, it } from 'vitest'
import { parseRestoreRecord } from '../../src/core/restore/restore-record.ts'
import { createBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { startAction } from '../support/runner.ts'

/** An index that takes as long to build as the session says: at once, or longer than any test waits. */
const SLOW = `
  CREATE FUNCTION slow(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
  BEGIN PERFORM pg_sleep(coalesce(current_setting('test.pause', true), '0')::float); RETURN id; END $$;
  CREATE TABLE users (id int, created_at timestamptz NOT NULL DEFAULT '2026-01-01');
  INSERT INTO users (id) SELECT generate_series(1, 100);
  CREATE INDEX ON users (slow(id));`

describe('restore-from-s3 that is cancelled', () => {
  const lab = theLab()

  it.each(['new-database', 'swap', 'overwrite'])(
    'in mode %s, leaves its record, the old data, and nothing else',
    async mode => {
      await using hosted = await createHosted(lab, SLOW)
      await using bucket = await createBucket(lab)
      await dumpLogi(lab, hosted, bucket)
      const before = await databaseDigest(lab, hosted.url)
      const action = startAction(
        'restore-from-s3',
        restoreOptions(lab, hosted, bucket, { mode, 'session-settings': 'test.pause=10' }),
      )
      await action.waitForLog(/##\[group\](Restore|Replace)/)

      const run = await action.cancel()

      expect(run.endedBy).toBeNull()
      expect(run.exitCode, run.log).toBe(1)
      expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: CANCELLED')
      expect(run.log).not.toContain('could not be written')
      const keys = await bucket.list('backups/restores/logi/')
      expect(keys).toHaveLength(1)
      const [key = ''] = keys
      const { restore, target } = parseRestoreRecord((await bucket.read(key)).toString(), key)
      expect(restore).toMatchObject({ mode, outcome: 'failed', verdict: 'not-measured' })
      expect(restore.error?.code).toBe('CANCELLED')
      expect(target.restoredTo).toBeNull()
      expect(run.outputs['restore-uri']).toBe(`s3://${bucket.name}/${key}`)
      expect(await databaseDigest(lab, hosted.url)).toBe(before)
      const { rows } = await withClient(hosted.adminUrl, client =>
        client.query(
          `SELECT d.datname AS name FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1`,
          [hosted.user],
        ),
      )
      expect(rows).toEqual([{ name: hosted.name }])
      expect(run.leftFiles).toEqual([])
      expect(run.leftProcesses).toEqual([])
    },
  )
})
