import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { buildDemoDatabase } from '../../../test/data/logi.ts'
import { createBucket, type TestBucket } from '../../../test/support/bucket.ts'
import { createDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { expectEqual, expectExit, expectJobs, expectLog, expectNoSecret } from '../expect.ts'
import type { FakeGithub } from '../fake-github.ts'
import { type Caller, createCaller, openGithub, type Stage } from '../stage.ts'
import { RENDER_KEY, startWebService, type WebService } from '../web-service.ts'

/** What the deploy's migration does. */
const MIGRATION = 'ALTER TABLE users ADD COLUMN IF NOT EXISTS plan text'

/** Instead of ten minutes. */
const SOAK_MS = 12_000

/**
 * Backups are fresh; a verified restore point, then the deploy, then health for a while, then a backup of the
 * new state. The next deploy breaks the service: its state is not backed up, and there is an issue.
 */
export async function gateThenDeploy(stage: Stage): Promise<void> {
  await using logi = await createDatabase(stage.lab, client => buildDemoDatabase(client, new Date()), 'logi')
  await using bucket = await createBucket(stage.lab)
  await using github = await openGithub()
  await using service = await startWebService(async () => void (await logi.query(MIGRATION)))
  const caller = createDeployer(stage, bucket, github, service)
  const secrets = secretsOf(logi)
  expectExit(await caller.run('backup.yml', 'schedule', secrets), true)
  expectExit(await caller.run('drill.yml', 'schedule', secrets), true)

  const run = await caller.run('deploy.yml', 'push', secrets)

  expectJobs(run, {
    'Backups and drills are fresh': 'success',
    'Gate of logi': 'success',
    'Deploy to Render': 'success',
    'Soak and backup of logi': 'success',
  })
  expectExit(run, true)
  const [deploy] = service.deploys
  expectEqual(
    'deploys',
    service.deploys.map(({ status }) => status),
    ['live'],
  )
  // The soak is of what the deploy brought, and not of the release before it.
  const soaked = (await snapshotAt(bucket, 'post-migration')) - (deploy?.finishedAt?.getTime() ?? 0)
  expectEqual('whether the new release was watched for all of the soak', soaked >= SOAK_MS, true)
  expectNoSecret(run, logi.url)
  expectEqual('kinds of the backups', await kindsIn(bucket), ['daily', 'post-migration', 'pre-migration'])
  expectEqual('issues', github.issues, [])

  service.health = 503
  // It waits behind another deploy at first, so that its id is not in the answer.
  service.isBusy = true
  const broken = await caller.run('deploy.yml', 'push', secrets)

  expectJobs(broken, {
    'Backups and drills are fresh': 'success',
    'Gate of logi': 'success',
    'Deploy to Render': 'success',
    'Soak and backup of logi': 'failure',
  })
  expectExit(broken, false)
  expectLog(broken, 'GATE_UNHEALTHY')
  const kinds = ['daily', 'post-migration', 'pre-migration', 'pre-migration']
  expectEqual('kinds of the backups', await kindsIn(bucket), kinds)
  expectEqual(
    'issues',
    github.issues.map(({ title }) => title),
    // On GitHub it is the name of the caller, deploy; act takes that of the called workflow.
    ['soak of logi fails (workflow migration-gate)'],
  )
}

async function snapshotAt(bucket: TestBucket, kind: string): Promise<number> {
  const key = (await bucket.list('manifests/logi/')).find(candidate => candidate.includes(`-${kind}-`)) ?? ''
  const { backup } = parseManifest((await bucket.read(key)).toString(), key)
  return Date.parse(backup.snapshotAt)
}

async function kindsIn(bucket: TestBucket): Promise<readonly string[]> {
  const keys = await bucket.list('manifests/logi/')
  return keys.map(key => /Z-([a-z-]+)-/.exec(key)?.[1] ?? '').toSorted()
}

/** A table lost most of its rows since the last backup: the gate stays closed, and nothing is deployed. */
export async function gateStopsDeploy(stage: Stage): Promise<void> {
  await using logi = await createDatabase(stage.lab, client => buildDemoDatabase(client, new Date()), 'logi')
  await using bucket = await createBucket(stage.lab)
  await using github = await openGithub()
  await using service = await startWebService(async () => void (await logi.query(MIGRATION)))
  const caller = createDeployer(stage, bucket, github, service)
  const secrets = secretsOf(logi)
  expectExit(await caller.run('backup.yml', 'schedule', secrets), true)
  await logi.query('DELETE FROM logi_event_dlqs WHERE random() < 0.9')

  const run = await caller.run('deploy.yml', 'push', secrets)

  // There is a backup, but no drill of it has passed yet.
  expectJobs(run, { 'Backups and drills are fresh': 'failure', 'Gate of logi': 'failure' })
  expectLog(run, 'There is no passed drill at all')
  expectExit(run, false)
  expectLog(run, 'GATE_IMPLAUSIBLE')
  expectEqual('deploys', service.deploys, [])
  expectEqual('issues', github.issues.map(({ title }) => title).toSorted(), [
    'freshness of logi fails (workflow deploy)',
    'gate of logi fails (workflow migration-gate)',
  ])
}

function createDeployer(stage: Stage, bucket: TestBucket, github: FakeGithub, service: WebService): Caller {
  const rewrites = [
    {
      from: /https:\/\/logi\.example\.com/g,
      to: service.url,
      toWhat: 'http://127.0.0.1:<port>',
      why: 'the service that the scenario deploys',
    },
    {
      from: /https:\/\/api\.render\.com/g,
      to: service.url,
      toWhat: 'http://127.0.0.1:<port>',
      why: 'a stand-in for Render',
    },
    { from: /sleep 10$/gm, to: 'sleep 1', why: 'the stand-in deploys in seconds' },
    {
      from: /soak: 10m/g,
      to: `soak: ${SOAK_MS / 1000}s`,
      why: 'twelve seconds of health instead of ten minutes',
    },
  ]
  const workflows = ['backup', 'deploy', 'drill'].map(name => `examples/logi/${name}.yml`)
  return createCaller(stage, { workflows, bucket, github, rewrites })
}

function secretsOf(logi: TestDatabase): Record<string, string> {
  return { LOGI_PG_URL: logi.url, RENDER_API_KEY: RENDER_KEY }
}
