import { buildDemoDatabase } from '../../../test/data/logi.ts'
import { createBucket } from '../../../test/support/bucket.ts'
import { createDatabase } from '../../../test/support/database.ts'
import { expectEqual, expectExit, expectJobs, expectLog, expectNoSecret } from '../expect.ts'
import type { FakeGithub } from '../fake-github.ts'
import { createCaller, openGithub, type Stage } from '../stage.ts'

/**
 * One of two databases is down: the other is backed up, the run fails, and there is an issue until it is up
 * again.
 */
export async function oneOfTwoIsDown(stage: Stage): Promise<void> {
  await using logi = await createDatabase(stage.lab, client => buildDemoDatabase(client), 'logi')
  await using bucket = await createBucket(stage.lab)
  await using github = await openGithub()
  const workflows = ['scripts/workflows/callers/two-databases.yml']
  const caller = createCaller(stage, { workflows, bucket, github })

  // Nothing listens on this port.
  const down = 'postgresql://billing:not-a-password@127.0.0.1:1/billing?sslmode=disable'
  const secrets = { LOGI_PG_URL: logi.url, BILLING_PG_URL: down }
  const run = await caller.run('two-databases.yml', 'workflow_dispatch', secrets)

  expectJobs(run, {
    'Back up logi': 'success',
    'Back up billing': 'failure',
    'All databases are backed up': 'failure',
  })
  expectExit(run, false)
  expectLog(run, 'DATABASE_UNREACHABLE')
  expectNoSecret(run, logi.url)
  expectEqual('manifests of logi', (await bucket.list('manifests/logi/')).length, 1)
  expectEqual('objects of billing', await bucket.list('archives/billing/'), [])
  expectEqual('manifests of billing', await bucket.list('manifests/billing/'), [])
  expectEqual('issues', titles(github, 'open'), ['backup of billing fails (workflow backup)'])
  expectEqual('messages', github.messages.length, 1)
  expectEqual('heartbeats', github.heartbeats, [])

  const again = await caller.run('two-databases.yml', 'workflow_dispatch', {
    ...secrets,
    BILLING_PG_URL: logi.url,
  })

  expectExit(again, true)
  expectEqual('open issues', titles(github, 'open'), [])
  expectEqual('closed issues', titles(github, 'closed'), ['backup of billing fails (workflow backup)'])
  expectEqual('messages', github.messages.length, 2)
  expectEqual('heartbeats', github.heartbeats, ['backup'])

  // The job of billing cannot report, as if it had lost its runner.
  github.failures.push({ of: 'POST /repos/example/logi/issues', status: 403, text: '{}' })
  const unheard = await caller.run('two-databases.yml', 'workflow_dispatch', secrets)

  expectExit(unheard, false)
  expectEqual('open issues', titles(github, 'open'), ['backup of all fails (workflow backup)'])
}

function titles({ issues }: FakeGithub, state: string): readonly string[] {
  return issues.filter(issue => issue.state === state).map(({ title }) => title)
}
