import { buildDemoDatabase } from '../../../test/data/logi.ts'
import { createBucket } from '../../../test/support/bucket.ts'
import { createDatabase } from '../../../test/support/database.ts'
import { expectEqual, expectExit, expectJobs, expectLog } from '../expect.ts'
import { createCaller, openGithub, type Stage } from '../stage.ts'

const WORKFLOWS = ['examples/logi/backup.yml', 'scripts/workflows/callers/freshness.yml']

/**
 * A backup that is older than asked: the run fails and an issue opens. As old as it may be, it is fresh, and
 * the issue closes.
 */
export async function backupTooOld(stage: Stage): Promise<void> {
  await using logi = await createDatabase(stage.lab, client => buildDemoDatabase(client, new Date()), 'logi')
  await using bucket = await createBucket(stage.lab)
  await using github = await openGithub()
  const strict = createCaller(stage, {
    ...{ workflows: WORKFLOWS, bucket, github },
    rewrites: [
      {
        from: /backup-max-age: 26h/g,
        to: 'backup-max-age: 1ms',
        why: 'a backup that was made just now is too old',
      },
    ],
  })
  expectExit(await strict.run('backup.yml', 'schedule', { LOGI_PG_URL: logi.url }), true)

  const stale = await strict.run('freshness.yml', 'push')

  expectJobs(stale, { 'Backups are fresh': 'failure' })
  expectExit(stale, false)
  expectLog(stale, 'STALE')
  expectLog(stale, 'The newest full backup, ')
  const states = () => github.issues.map(({ title, state }) => `${title}: ${state}`)
  expectEqual('issues', states(), ['freshness of logi fails (workflow freshness): open'])
  expectEqual('messages', github.messages.length, 1)

  const patient = createCaller(stage, { workflows: WORKFLOWS, bucket, github })
  const fresh = await patient.run('freshness.yml', 'push')

  expectJobs(fresh, { 'Backups are fresh': 'success' })
  expectExit(fresh, true)
  expectEqual('issues', states(), ['freshness of logi fails (workflow freshness): closed'])
  expectEqual('messages', github.messages.length, 2)
}
