import { parseRestoreRecord } from '../../../src/core/restore/restore-record.ts'
import { buildLogi } from '../../../test/data/logi.ts'
import { createBucket, type TestBucket } from '../../../test/support/bucket.ts'
import { withClient } from '../../../test/support/database.ts'
import { createHosted } from '../../../test/support/hosted.ts'
import { databaseDigest } from '../../../test/support/restore.ts'
import { expectEqual, expectExit, expectJobs, expectLog, expectNoSecret } from '../expect.ts'
import { createCaller, openGithub, type Stage } from '../stage.ts'

const WORKFLOWS = ['backup', 'restore'].map(name => `examples/logi/${name}.yml`)

/**
 * Another database's name is typed: nothing is touched. Then the right one: the backup is restored and
 * recorded.
 */
export async function restoreWhenConfirmed(stage: Stage): Promise<void> {
  const { lab } = stage
  await using logi = await createHosted(lab, client => buildLogi(client, { users: 500 }))
  await using bucket = await createBucket(lab)
  await using github = await openGithub()
  const caller = createCaller(stage, { workflows: WORKFLOWS, bucket, github })
  const secrets = { LOGI_PG_URL: logi.url }
  expectExit(await caller.run('backup.yml', 'schedule', secrets), true)
  const good = await databaseDigest(lab, logi.url)
  await withClient(logi.url, client =>
    client.query('DELETE FROM logi_event_dlqs; CREATE TABLE badges (id int)'),
  )
  const damaged = await databaseDigest(lab, logi.url)
  const restore = (confirm: string) =>
    caller.run('restore.yml', 'workflow_dispatch', secrets, { mode: 'overwrite', confirm })

  const refused = await restore('logi')

  expectJobs(refused, { 'Plan for logi': 'failure' })
  expectExit(refused, false)
  expectLog(refused, 'CONFIRMATION_MISSING')
  expectEqual('database', await databaseDigest(lab, logi.url), damaged)
  expectEqual('records', await bucket.list('restores/'), [])
  expectEqual('issues', github.issues, [])

  const run = await restore(logi.name)

  expectJobs(run, { 'Plan for logi': 'success', 'Restore of logi': 'success' })
  expectExit(run, true)
  expectLog(run, 'Plan, nothing was changed')
  expectNoSecret(run, logi.url)
  expectEqual('database', await databaseDigest(lab, logi.url), good)
  const { restore: outcome, target } = await onlyRestore(bucket)
  expectEqual('outcome', [outcome.mode, outcome.outcome, outcome.verdict], ['overwrite', 'restored', 'pass'])
  expectEqual('safety backups', (await bucket.list(`manifests/logi/${target.safetyBackup}`)).length, 1)
  expectEqual('issues', github.issues, [])
}

async function onlyRestore(bucket: TestBucket) {
  const keys = await bucket.list('restores/logi/')
  expectEqual('number of records', keys.length, 1)
  const [key = ''] = keys
  return parseRestoreRecord((await bucket.read(key)).toString(), key)
}
