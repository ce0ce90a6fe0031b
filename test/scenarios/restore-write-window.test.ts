import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { startAction } from '../support/runner.ts'

const lab = theLab()

/** A restore of it stops at the rows of `slow` for as long as the setting test.pause says. */
const SLOW = `
  CREATE FUNCTION wait(id int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    PERFORM pg_sleep(coalesce(nullif(current_setting('test.pause', true), ''), '0')::float); RETURN true; END $$;
  CREATE TABLE slow (id int CHECK (public.wait(id)));
  INSERT INTO slow VALUES (1);`

it('refuses writes of others while an emptied database is filled, and not afterwards', async () => {
  await using hosted = await createHosted(lab, SLOW)
  await using bucket = await createBucket(lab)
  await dumpLogi(lab, hosted, bucket)
  const options = restoreOptions(lab, hosted, bucket, {
    mode: 'overwrite',
    'all-or-nothing': 'false',
    'session-settings': 'test.pause=5',
  })

  const action = startAction('restore-from-s3', options)
  await action.waitForLog(/is empty now/)
  await sleep(1000)
  const write = withClient(hosted.url, client => client.query('CREATE TABLE by_the_application ()'))
  await expect(write).rejects.toThrow('read-only transaction')
  const run = await action.finished

  expect(run.exitCode, run.log).toBe(0)
  expect(run.outputs.verdict).toBe('pass')
  await withClient(hosted.url, client => client.query('CREATE TABLE by_the_application ()'))
})
