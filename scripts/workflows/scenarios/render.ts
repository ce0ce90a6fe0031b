import { buildDemoDatabase } from '../../../test/data/logi.ts'
import { createBucket, type TestBucket } from '../../../test/support/bucket.ts'
import { createDatabase } from '../../../test/support/database.ts'
import { FakeRender, RENDER_KEY } from '../../../test/support/render/fake-render.ts'
import type { Instance } from '../../../test/support/render/instance.ts'
import type { FakeService } from '../../../test/support/render/service.ts'
import type { WorkflowRun } from '../act-run.ts'
import { expectEqual, expectExit, expectJobs, expectLog, expectNoSecret } from '../expect.ts'
import type { FakeGithub } from '../fake-github.ts'
import { type Caller, createCaller, openGithub, type Stage } from '../stage.ts'

const WORKFLOWS = ['backup', 'render-recovery', 'render-drill'].map(name => `examples/logi/${name}.yml`)
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000]

/** Logi on Render, with a backup in the bucket and a state of half an hour ago that can be recovered. */
interface LogiOnRender extends AsyncDisposable {
  readonly fake: FakeRender
  readonly source: Instance
  readonly web: FakeService
  readonly bucket: TestBucket
  readonly github: FakeGithub
  readonly caller: Caller
  readonly secrets: Readonly<Record<string, string>>
  query(sql: string): Promise<unknown>
}

async function openLogi(stage: Stage, damageBefore = 'SELECT 1'): Promise<LogiOnRender> {
  const { lab } = stage
  await using stack = new AsyncDisposableStack()
  const newest = new Date(Date.now() - HOUR_MS / 2)
  const logi = stack.use(await createDatabase(lab, client => buildDemoDatabase(client, newest), 'logi'))
  const bucket = stack.use(await createBucket(lab))
  const github = stack.use(await openGithub())
  const fake = stack.use(await FakeRender.start(lab, { stepMs: 100 }))
  const source = await fake.addInstance(logi.name)
  const web = await fake.addService({
    ...{ name: 'logi-server', type: 'web_service' },
    variables: { DATABASE_URL: source.internalUrl },
  })
  const caller = createCaller(stage, {
    ...{ workflows: WORKFLOWS, bucket, github, env: { RENDER_API_URL: fake.url } },
    rewrites: [
      {
        from: /instance-id: dpg-0+-a/g,
        to: `instance-id: ${source.id}\n      runner-address: 127.0.0.1`,
        toWhat: 'instance-id and runner-address of the scenario',
        why: 'an instance of the fake, on loopback',
      },
      { from: /srv-0+$/gm, to: web.id, toWhat: 'srv-<id>', why: 'a service of the fake' },
      {
        from: /https:\/\/logi\.example\.com\/up/g,
        to: web.publicUrl,
        toWhat: 'http://127.0.0.1:<port>/up',
        why: 'the service of the fake',
      },
    ],
  })
  const secrets = { LOGI_PG_URL: logi.url, RENDER_API_KEY: RENDER_KEY }
  expectExit(await caller.run('backup.yml', 'schedule', secrets), true)
  await logi.query(damageBefore)
  await fake.copies.keep(source, new Date(Date.now() - 20 * MINUTE_MS))
  const kept = stack.move()
  return {
    ...{ fake, source, web, bucket, github, caller, secrets },
    query: sql => logi.query(sql),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Runbook §4.1: a migration dropped a table; recovered, verified, cut over, and undone. */
export async function recoverAndCutOver(stage: Stage): Promise<void> {
  await using logi = await openLogi(stage)
  const { caller, secrets, source, web, fake, bucket, github } = logi
  await logi.query('DROP TABLE logi_identity_links')
  const run = await caller.run('render-recovery.yml', 'workflow_dispatch', secrets, { confirm: source.name })

  expectJobs(run, {
    'Plan for logi on Render': 'success',
    'Recovery of logi on Render': 'success',
    'Cutover of logi on Render': 'success',
  })
  expectExit(run, true)
  expectSecrets(run, logi)
  const fresh = [...fake.instances.values()].find(({ id }) => id !== source.id)
  expectEqual('database of the service', web.running.get('DATABASE_URL'), fresh?.internalUrl)
  expectEqual('health', (await fetch(web.publicUrl)).status, 200)
  expectEqual('old database', source.suspended, 'suspended')
  expectEqual('drills of recoveries', (await bucket.list('recoveries/logi/')).length, 1)
  expectEqual('issues', github.issues, [])

  const plans = (await bucket.list('cutovers/logi/')).filter(key => !/\/\d{4}\.json$/.test(key))
  const undo = (plans[0] ?? '').replace(/^.*\/|\.json$/g, '')
  const inputs = { confirm: source.name, undo, 'new-instance-id': fresh?.id ?? '' }
  const back = await caller.run('render-recovery.yml', 'workflow_dispatch', secrets, inputs)

  expectExit(back, true)
  expectEqual('database of the service', web.running.get('DATABASE_URL'), source.internalUrl)
  expectEqual('old database', source.suspended, 'not_suspended')
}

/** The monthly drill of Render's recovery: it passes; a criterion is broken; the recovery fails. */
export async function drillRecovery(stage: Stage): Promise<void> {
  const job = "Drill of Render's recovery of logi"
  await using good = await openLogi(stage)
  const passed = await good.caller.run('render-drill.yml', 'schedule', good.secrets)
  expectJobs(passed, { [job]: 'success' })
  expectExit(passed, true)
  expectEqual('instances', [...good.fake.instances.keys()], [good.source.id])
  expectEqual('heartbeats', good.github.heartbeats, ['backup', 'drill'])

  good.fake.recoveryFails = true
  const failed = await good.caller.run('render-drill.yml', 'schedule', good.secrets)
  expectJobs(failed, { [job]: 'failure' })
  expectLog(failed, 'RECOVERY_FAILED')
  expectEqual('instances', [...good.fake.instances.keys()], [good.source.id])
  const title = 'render-drill of logi fails (workflow render-drill)'
  expectEqual(
    'issues',
    good.github.issues.map(issue => issue.title),
    [title],
  )

  await using bad = await openLogi(stage, 'DELETE FROM logi_identity_links WHERE id % 5 = 0')
  const broken = await bad.caller.run('render-drill.yml', 'schedule', bad.secrets)
  expectJobs(broken, { [job]: 'failure' })
  expectLog(broken, 'DRILL_FAILED')
  expectEqual('instances', [...bad.fake.instances.keys()], [bad.source.id])
  expectSecrets(broken, bad)
}

function expectSecrets(run: WorkflowRun, { source }: LogiOnRender): void {
  expectNoSecret(run, source.externalUrl)
  if (run.log.includes(RENDER_KEY)) throw new Error('The log holds the API key of Render')
}
