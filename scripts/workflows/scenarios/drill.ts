import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { parseDrillRecord } from '../../../src/core/drill/drill-record.ts'
import { buildDemoDatabase } from '../../../test/data/logi.ts'
import { createBucket, type TestBucket } from '../../../test/support/bucket.ts'
import { createDatabase } from '../../../test/support/database.ts'
import { tamper } from '../../../test/support/tamper.ts'
import { expectEqual, expectExit, expectJobs, expectLog, expectNoSecret } from '../expect.ts'
import { type Caller, createCaller, openGithub, type Stage } from '../stage.ts'

const WORKFLOWS = ['backup', 'drill', 'drill-copy'].map(name => `examples/logi/${name}.yml`)

/** The daily backup, and its monthly drills with logi's criteria: in the first bucket, and in the copy. */
export async function backupThenDrill(stage: Stage): Promise<void> {
  await using bucket = await createBucket(stage.lab)
  await using github = await openGithub()
  const caller = createCaller(stage, { workflows: WORKFLOWS, bucket, github })
  await backUp(stage, caller)

  const run = await caller.run('drill.yml', 'schedule')

  expectJobs(run, { 'Drill of logi': 'success' })
  expectExit(run, true)
  const record = await newestDrill(bucket)
  expectEqual('verdict', record.drill.verdict, 'pass')
  const passed = record.checks.filter(({ verdict }) => verdict === 'pass').map(({ name }) => name)
  expectEqual(
    'criteria that did not pass',
    CRITERIA.filter(name => !passed.includes(name)),
    [],
  )
  expectEqual('heartbeats', github.heartbeats, ['backup', 'drill'])

  await loseFirst(bucket)
  const ofCopy = await caller.run('drill-copy.yml', 'schedule')

  expectJobs(ofCopy, { 'Drill of logi': 'success' })
  expectExit(ofCopy, true)
  expectEqual('verdict of the copy', (await newestDrill(bucket, 'second/')).drill.verdict, 'pass')
  expectEqual('issues', github.issues, [])
}

/** Everything but the copy. */
async function loseFirst({ client, name, list }: TestBucket): Promise<void> {
  for (const key of await list())
    if (!key.startsWith('second/')) await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }))
}

/** The same, but the backup lost rows, and its manifest claims otherwise. */
export async function tamperedThenDrill(stage: Stage): Promise<void> {
  await using bucket = await createBucket(stage.lab)
  await using github = await openGithub()
  const caller = createCaller(stage, { workflows: WORKFLOWS, bucket, github })
  await backUp(stage, caller)
  const [manifestKey = ''] = await bucket.list('manifests/')
  const manifest = parseManifest((await bucket.read(manifestKey)).toString(), manifestKey)
  const archive = await bucket.read(manifest.object.key)
  await tamper(stage.lab, bucket, { manifestKey, manifest, archive }, LOSE_A_TENTH)

  const run = await caller.run('drill.yml', 'workflow_dispatch')

  expectJobs(run, { 'Drill of logi': 'failure' })
  expectExit(run, false)
  expectLog(run, 'DRILL_FAILED')
  const record = await newestDrill(bucket)
  expectEqual('verdict', record.drill.verdict, 'fail')
  const failed = record.checks.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)
  expectEqual('whether the links were missed', failed.includes('links'), true)
  const [issue, ...more] = github.issues
  expectEqual('title of the issue', issue?.title, 'drill of logi fails (workflow drill)')
  expectEqual('whether it names the failed check', issue?.body.includes('- links\n'), true)
  expectEqual('further issues', more, [])
  expectEqual('heartbeats', github.heartbeats, ['backup'])
}

/** The names in examples/logi/drill-criteria.yml. */
const CRITERIA = [
  ...['users', 'links', 'last sign-up', 'audit trail is there', 'audit trail is guarded'],
  ...['no link without its user', 'citext'],
]

const LOSE_A_TENTH = `
  SET session_replication_role = replica;
  DELETE FROM logi_identity_links WHERE random() < 0.1`

async function backUp({ lab }: Stage, caller: Caller): Promise<void> {
  await using logi = await createDatabase(lab, client => buildDemoDatabase(client, new Date()), 'logi')
  const run = await caller.run('backup.yml', 'schedule', { LOGI_PG_URL: logi.url })
  expectJobs(run, { 'Back up logi': 'success', 'All databases are backed up': 'success' })
  expectExit(run, true)
  expectNoSecret(run, logi.url)
}

async function newestDrill(bucket: TestBucket, prefix = '') {
  const key = (await bucket.list(`${prefix}drills/logi/`)).at(-1) ?? ''
  return parseDrillRecord((await bucket.read(key)).toString(), key)
}
