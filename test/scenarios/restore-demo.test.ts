import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { buildDemoDatabase } from '../data/logi.ts'
import { createBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { runAction } from '../support/runner.ts'

/** Rows gone from a table that the WORM trigger guards, and a table that no backup knows. */
const DAMAGE = `
  SET logi.allow_audit_purge = 'yes'; DELETE FROM logi_audit_events WHERE id % 3 = 0;
  TRUNCATE logi_event_dlqs; CREATE TABLE badges (id int PRIMARY KEY, user_id bigint REFERENCES users)`

describe('restore-from-s3 of the demo database', () => {
  const lab = theLab()

  it.each(['new-database', 'swap', 'overwrite'])(
    'brings it back exactly in mode %s, with live connections',
    async mode => {
      await using hosted = await createHosted(lab, buildDemoDatabase)
      await using bucket = await createBucket(lab)
      await dumpLogi(lab, hosted, bucket)
      const good = await databaseDigest(lab, hosted.url)
      await withClient(hosted.url, client => client.query(DAMAGE))
      const damaged = await databaseDigest(lab, hosted.url)
      const clients = await Promise.all(
        Array.from({ length: 5 }, async () => {
          const client = new Client({ connectionString: hosted.url })
          client.on('error', () => {})
          await client.connect()
          await client.query('BEGIN; SELECT count(*) FROM users')
          return client
        }),
      )

      const run = await runAction(
        'restore-from-s3',
        restoreOptions(lab, hosted, bucket, { mode, 'terminate-sessions': 'true' }),
      )
      await Promise.all(clients.map(client => client.end().catch(() => {})))

      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
      expect(await databaseDigest(lab, hosted.urlOf(run.outputs['restored-to'] ?? ''))).toBe(good)
      if (mode === 'new-database') expect(await databaseDigest(lab, hosted.url)).toBe(damaged)
      if (mode === 'swap')
        expect(await databaseDigest(lab, hosted.urlOf(run.outputs['previous-database'] ?? ''))).toBe(damaged)
      // What users know it by is the logical name, and the time of a cutover is not known yet.
      expect(run.outputs.notice).toContain('<code>logi</code>')
      expect(run.outputs.notice).toContain(mode === 'new-database' ? 'the switch to it' : 'was rolled back')
    },
  )
})
