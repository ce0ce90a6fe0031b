import { randomBytes } from 'node:crypto'
import { cpSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { parseDrillRecord } from '../../../src/core/drill/drill-record.ts'
import { buildDemoDatabase } from '../../../test/data/logi.ts'
import { takeBucket } from '../../../test/support/bucket.ts'
import { createDatabase } from '../../../test/support/database.ts'
import { databaseDigest } from '../../../test/support/restore.ts'
import { openAccount } from '../../../test/support/rgw-admin.ts'
import { REF } from '../copy.ts'
import { expectEqual, expectExit, expectJobs, expectNoSecret } from '../expect.ts'
import { blocksOf, openShell } from '../reader.ts'
import { createCaller, openGithub, type Stage } from '../stage.ts'

/**
 * Every command of README.md from nothing to the first verified backup, its workflow, and its restore
 * without us.
 */
export async function fiveMinutes(stage: Stage): Promise<void> {
  const { lab } = stage
  const readme = readFileSync('README.md', 'utf8')
  const setUp = sectionOf(readme, 'Five minutes to the first verified backup')
  const byHand = sectionOf(readme, 'Restore without us')
  const unique = randomBytes(5).toString('hex')
  await using app = await createDatabase(
    lab,
    client => buildDemoDatabase(client, new Date()),
    'app_production',
  )
  await using target = await createDatabase(lab, '', 'restored')
  await using github = await openGithub()
  await using stack = new AsyncDisposableStack()
  // An account of its own, in which the commands make users with one key per role.
  const account = { ...lab, s3: { ...lab.s3, ...(await openAccount()) } }
  const bucket = stack.use(takeBucket(account, `example-backups-${unique}`))
  const role = `app_backup_${unique}`
  stack.defer(async () => void (await app.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)))
  // What a reader changes as well.
  const own = (text: string) =>
    text
      .replaceAll('s3://example-backups', `s3://${bucket.name}`)
      .replaceAll('--bucket example-backups', `--bucket ${bucket.name}`)
      .replaceAll('eu-central-1', lab.s3.region)
      .replaceAll('app_backup', role)
  const directory = mkdtempSync(join(stage.directory, 'readme-'))
  copyExamples(directory, text => text.replaceAll('example-backups', bucket.name))
  const shell = await openShell({ ...stage, lab: account }, { cwd: directory, env: { ADMIN_URL: app.url } })

  const { host, port, origin } = lab.postgres
  const commands = own(blocksOf(setUp, 'sh').join('\n'))
    .replace('<host>:5432/<database>', `${host}:${port}/${app.name}`)
    // A Postgres in a service container has no TLS; the lab's own has, as hosted ones do.
    .replace('sslmode=require', `sslmode=${origin === 'lab' ? 'require' : 'prefer'}`)
  await shell(`gh() { cat > ${directory}/"$3"; }\n${commands}`)
  await shell(`gh() { cat > ${directory}/"$3"; }\n${blocksOf(setUp, 'bash').join('\n')}`)
  const secrets = Object.fromEntries(SECRETS.map(name => [name, readFileSync(join(directory, name), 'utf8')]))

  const [workflow = ''] = blocksOf(setUp, 'yaml')
  writeFileSync(join(directory, 'backup.yml'), workflow.replaceAll('@<sha>', `@${REF}`))
  const caller = createCaller(stage, { workflows: [join(directory, 'backup.yml')], bucket, github })
  const run = await caller.run('backup.yml', 'workflow_dispatch', secrets)

  expectJobs(run, {
    'Back up app': 'success',
    'All databases are backed up': 'success',
    'Drill of app': 'success',
  })
  expectExit(run, true)
  expectNoSecret(run, secrets.APP_DATABASE_URL ?? '')
  const [drill = ''] = await bucket.list('drills/app/')
  expectEqual('verdict', parseDrillRecord((await bucket.read(drill)).toString(), drill).drill.verdict, 'pass')

  const [key = ''] = await bucket.list('manifests/app/')
  const { backup, object } = parseManifest((await bucket.read(key)).toString(), key)
  const restore = own(blocksOf(byHand, 'sh').join('\n'))
    .replaceAll(/archives\/app\/\S+\.dump/g, object.key)
    .replaceAll(/\d{8}T\d{6}Z-daily-[0-9a-f]{8}/g, backup.id)
    .replace(/postgresql:\/\/user:[^']+/, target.url)
  const said = await shell(restore)

  expectEqual('whether the manifest names its archive', said.includes(object.key), true)
  const [before, after] = [await databaseDigest(lab, app.url), await databaseDigest(lab, target.url)]
  expectEqual('the database that came back', after, before)
}

/** What step 3 stores. */
const SECRETS = [
  'APP_DATABASE_URL',
  'BACKUP_AWS_ACCESS_KEY_ID',
  'BACKUP_AWS_SECRET_ACCESS_KEY',
  'DRILL_AWS_ACCESS_KEY_ID',
  'DRILL_AWS_SECRET_ACCESS_KEY',
]

/** As in a clone of the repository, with what a reader changes. */
function copyExamples(directory: string, own: (text: string) => string): void {
  const folder = join(directory, 'examples/aws-oidc')
  cpSync('examples/aws-oidc', folder, { recursive: true })
  for (const file of globSync(join(folder, '*.json'))) writeFileSync(file, own(readFileSync(file, 'utf8')))
}

function sectionOf(page: string, title: string): string {
  const [, rest = ''] = page.split(`\n## ${title}\n`)
  if (rest === '') throw new Error(`README.md has no section "${title}"`)
  return rest.split('\n## ')[0] ?? ''
}
