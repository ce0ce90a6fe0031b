import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildLogi } from '../data/logi.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { createWorkplace } from '../support/runner/workplace.ts'
import { type ActionRun, runAction } from '../support/runner.ts'
import { type GoodBackup, readBackup, tamper } from '../support/tamper.ts'

/** What the logi data lacks and a drill has to notice. */
const MORE = `
  CREATE EXTENSION pg_trgm;
  ALTER TABLE logi_event_dlqs ENABLE ROW LEVEL SECURITY;
  CREATE POLICY dlqs_for_operators ON logi_event_dlqs USING (current_setting('logi.operator', true) = 'yes');`

/** The restore builds the index again, with other numbers than the rows get when they are looked up. */
const FICKLE_INDEX = `CREATE FUNCTION fickle(bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT $1 + (random() * 1000000)::int';
  CREATE INDEX fickle_index ON users (fickle(id))`

/** The runbook's own criteria (§5). */
const CRITERIA = `checks:
  - name: users
    table: users
    tolerance: 5%
  - name: last sign-up
    newest: users.created_at
    within: 1h
`

const USERS = 1000

/**
 * Negative controls: a drill that cannot fail proves nothing. Every backup here is whole to the byte and
 * restores without an error; it just does not hold what its manifest says.
 */
describe('a drill of a backup that was made wrong on purpose', () => {
  const lab = theLab()
  let source: TestDatabase
  const opened = new AsyncDisposableStack()

  beforeAll(async () => {
    source = opened.use(
      await createDatabase(lab, async client => {
        await buildLogi(client, { users: USERS, newest: new Date() })
        await client.query(MORE)
      }),
    )
  })
  afterAll(() => opened.disposeAsync())

  async function backUp(fingerprint: string): Promise<{ bucket: TestBucket; good: GoodBackup }> {
    const bucket = opened.use(await createBucket(lab))
    const inputs = { database: 'logi', fingerprint }
    const run = await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs }))
    expect(run.exitCode, run.log).toBe(0)
    return { bucket, good: await readBackup(bucket) }
  }

  async function drill(bucket: TestBucket, inputs: Record<string, string> = {}): Promise<ActionRun> {
    const run = await runAction('verify-drill', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: labEnvironment(lab),
    })
    expect(run.leftProcesses).toEqual([])
    expect(run.leftFiles).toEqual([])
    return run
  }

  describe('with the fingerprint of its content', () => {
    let bucket: TestBucket
    let good: GoodBackup
    beforeAll(async () => {
      ;({ bucket, good } = await backUp('content'))
    })

    it('passes when the same rows were only dumped again', async () => {
      await tamper(lab, bucket, good, '')

      const run = await drill(bucket)

      expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
      expect(run.exitCode).toBe(0)
    })

    it('fails for an index that does not find its rows, where pg_amcheck is asked', async () => {
      await tamper(lab, bucket, good, FICKLE_INDEX)

      const asked = await drill(bucket, { amcheck: 'true' })
      const notAsked = await drill(bucket)

      expect(asked.outputs, asked.log).toMatchObject({ verdict: 'fail' })
      expect(asked.outputs['failed-checks']).toContain('amcheck')
      expect(asked.summary).toContain('lacks matching index tuple')
      expect(notAsked.outputs['failed-checks']).not.toContain('amcheck')
    })

    it('passes under pg_amcheck when it is sound', async () => {
      await tamper(lab, bucket, good, '')
      const run = await drill(bucket, { amcheck: 'true' })
      expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
    })

    it.each([
      [
        'one row is missing',
        'DELETE FROM logi_event_dlqs WHERE id = (SELECT max(id) FROM logi_event_dlqs)',
        'table logi_event_dlqs',
        '(1 fewer)',
      ],
      [
        'one byte of one row is another',
        'UPDATE users SET display_name = chr(ascii(display_name) # 1) || substr(display_name, 2) WHERE id = 7',
        'table users',
        'As many rows as in the backup, but not the same ones',
      ],
      ['an index is missing', 'DROP INDEX index_links_on_user', 'indexes', '(1 fewer)'],
      [
        'a trigger is missing',
        'DROP TRIGGER logi_audit_worm_table ON logi_audit_events',
        'triggers',
        '1 (1 fewer)',
      ],
      ['a policy is missing', 'DROP POLICY dlqs_for_operators ON logi_event_dlqs', 'policies', '0 (1 fewer)'],
      [
        'a sequence was set back',
        "SELECT setval('logi_member_numbers', 100007)",
        'sequence logi_member_numbers',
        '100007',
      ],
      ['an extension is missing', 'DROP EXTENSION pg_trgm', 'extension pg_trgm', 'not installed'],
      [
        'a table is missing',
        'DROP TABLE ar_internal_metadata',
        'table ar_internal_metadata',
        'no such table',
      ],
    ])('fails when %s', async (_, sql, check, found) => {
      await tamper(lab, bucket, good, sql)

      const run = await drill(bucket)

      expect(run.outputs.verdict, run.log).toBe('fail')
      expect(run.outputs['failed-checks']?.split('\n')).toContain(check)
      expect(run.exitCode).toBe(1)
      const errors = run.annotations.filter(({ level }) => level === 'error')
      expect(errors.map(({ title }) => title)).toEqual(['verify-drill: DRILL_FAILED'])
      expect(errors[0]?.message).toContain(check)
      expect(run.summary.replaceAll('\\', '')).toContain(found)
    })
  })

  describe('with nothing but criteria', () => {
    let bucket: TestBucket
    let good: GoodBackup
    let criteria = ''
    beforeAll(async () => {
      ;({ bucket, good } = await backUp('none'))
      criteria = join(createWorkplace().workspace, 'criteria.yml')
      await writeFile(criteria, CRITERIA)
    })

    const REMOVE = (share: number) => () =>
      `
      CREATE TEMPORARY TABLE gone AS SELECT id FROM users ORDER BY created_at LIMIT ${USERS * share};
      ALTER TABLE logi_event_dlqs DROP CONSTRAINT fk_dlqs_delivery;
      DELETE FROM logi_webhook_deliveries WHERE user_id IN (SELECT id FROM gone);
      DELETE FROM logi_event_dlqs d WHERE NOT EXISTS (SELECT FROM logi_webhook_deliveries w WHERE w.id = d.delivery_id);
      DELETE FROM users WHERE id IN (SELECT id FROM gone);
      ALTER TABLE logi_event_dlqs ADD CONSTRAINT fk_dlqs_delivery FOREIGN KEY (delivery_id) REFERENCES logi_webhook_deliveries (id)`
    /** All sign-ups moved, so that the last one lies so long before the snapshot. */
    const AGE = (minutes: number) => () =>
      `UPDATE users SET created_at = created_at + ('${good.manifest.backup.snapshotAt}'::timestamptz
         - interval '${minutes} minutes' - (SELECT max(created_at) FROM users))`

    it.each([
      ['passes', 'nothing was changed', () => '', ''],
      ['fails', '6 % of the users are missing', REMOVE(0.06), 'users'],
      ['passes', '4.9 % of the users are missing', REMOVE(0.049), ''],
      ['fails', 'the newest user came 61 minutes before the snapshot', AGE(61), 'last sign-up'],
      ['passes', 'the newest user came 59 minutes before the snapshot', AGE(59), ''],
    ])('%s when %s', async (_, __, sql, failed) => {
      await tamper(lab, bucket, good, sql())

      const run = await drill(bucket, { criteria, 'live-url': source.url })

      expect(run.outputs, run.log).toMatchObject({
        verdict: failed === '' ? 'pass' : 'fail',
        'failed-checks': failed,
      })
      expect(run.exitCode).toBe(failed === '' ? 0 : 1)
    })
  })
})
