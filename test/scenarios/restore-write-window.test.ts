import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { databaseUrl, withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { runAction, startAction } from '../support/runner.ts'

const lab = theLab()

/** A restore of it stops at the rows of `slow` for as long as the setting test.pause says. */
const SLOW = `
  CREATE FUNCTION wait(id int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    PERFORM pg_sleep(coalesce(nullif(current_setting('test.pause', true), ''), '0')::float); RETURN true; END $$;
  CREATE TABLE slow (id int CHECK (public.wait(id)));
  INSERT INTO slow VALUES (1);`

const IN_PARALLEL = { mode: 'overwrite', 'all-or-nothing': 'false' }
const pauseFor = (seconds: number) => ({ ...IN_PARALLEL, 'session-settings': `test.pause=${seconds}` })

/** What closing changes: who may connect, the setting, the comment. */
async function stateOf({ name, adminUrl }: HostedDatabase): Promise<unknown> {
  return await withClient(adminUrl, async client => {
    const { rows } = await client.query(
      `SELECT (SELECT string_agg(a.grantee::regrole || ' ' || a.privilege_type, ',' ORDER BY 1) FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a) AS rights,
              (SELECT array_agg(s.setconfig::text) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid) AS settings,
              shobj_description(d.oid, 'pg_database') AS comment
         FROM pg_database d WHERE d.datname = $1`,
      [name],
    )
    return rows[0]
  })
}

it('keeps others out while an emptied database is filled, not afterwards', async () => {
  await using hosted = await createHosted(lab, SLOW)
  await using app = await createHosted(lab)
  await using bucket = await createBucket(lab)
  await dumpLogi(lab, hosted, bucket)
  const appUrl = app.urlOf(hosted.name)
  await withClient(hosted.url, client =>
    client.query(`GRANT CREATE ON SCHEMA public TO PUBLIC; COMMENT ON DATABASE ${hosted.name} IS 'ours'`),
  )
  const before = await stateOf(hosted)

  const action = startAction('restore-from-s3', restoreOptions(lab, hosted, bucket, pauseFor(5)))
  await action.waitForLog(/is empty now/)
  await sleep(1000)
  const write = (url: string) =>
    withClient(url, client =>
      client.query('SET default_transaction_read_only = off; CREATE TABLE by_the_application ()'),
    )
  await expect(write(appUrl)).rejects.toThrow('permission denied for database')
  await expect(
    withClient(hosted.url, client => client.query('CREATE TABLE by_the_application ()')),
  ).rejects.toThrow('read-only transaction')
  const run = await action.finished

  expect(run.exitCode, run.log).toBe(0)
  expect(run.outputs.verdict).toBe('pass')
  expect(await stateOf(hosted)).toEqual(before)
  await withClient(appUrl, client => client.query('SELECT'))
})

it('opens a database again that a killed restore left closed', async () => {
  await using hosted = await createHosted(lab, SLOW)
  await using bucket = await createBucket(lab)
  await dumpLogi(lab, hosted, bucket)
  await withClient(hosted.url, client => client.query(`COMMENT ON DATABASE ${hosted.name} IS 'it''s ours'`))
  const before = await stateOf(hosted)
  const killed = startAction('restore-from-s3', restoreOptions(lab, hosted, bucket, pauseFor(5)))
  await killed.waitForLog(/is empty now/)
  killed.signal('SIGKILL')
  await killed.finished
  await withClient(databaseUrl(lab, 'postgres'), client =>
    client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [hosted.name]),
  )
  expect(await stateOf(hosted)).toMatchObject({
    rights: expect.not.stringContaining('- CONNECT'),
    comment: expect.stringContaining('overwrite in progress'),
  })

  const again = { ...IN_PARALLEL, 'skip-safety-backup': 'it is empty' }
  const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, again))

  expect(run.exitCode, run.log).toBe(0)
  expect(await stateOf(hosted)).toEqual(before)
})
