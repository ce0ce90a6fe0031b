import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseManifest } from '../../../src/core/backup/manifest.ts'
import { parseDrillRecord } from '../../../src/core/drill/drill-record.ts'
import { buildDemoDatabase } from '../../../test/data/logi.ts'
import { takeBucket } from '../../../test/support/bucket.ts'
import { createDatabase } from '../../../test/support/database.ts'
import { databaseDigest } from '../../../test/support/restore.ts'
import { REF } from '../copy.ts'
import { expectEqual, expectExit, expectJobs, expectNoSecret } from '../expect.ts'
import { blocksOf, openShell } from '../reader.ts'
import { createCaller, openGithub, type Stage } from '../stage.ts'

/**
 * Every command of README.md from nothing to the first verified backup, its workflow, and and its restore
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
  const bucket = stack.use(takeBucket(lab, `example-backups-${unique}`))
  const role = `app_backup_${unique}`
  stack.defer(async () => void (await app.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)))
  // What a reader changes as well.
  const own = (text: string) =>
    text
      .replaceAll('s3://example-backups', `s3://${bucket.name}`)
      .replaceAll('--bucket example-backups', `--bucket ${bucket.name}`)
      .replaceAll('eu-central-1', lab.s3.region)
      .replaceAll('app_backup', role)
  const shell = await openShell(stage, { env: { ADMIN_URL: app.url } })

  const directory = mkdtempSync(join(stage.directory, 'readme-'))
  const { host, port, origin } = lab.postgres
  const commands = own(blocksOf(setUp, 'sh').join('\n'))
    .replace('<host>:5432/<database>', `${host}:${port}/${app.name}`)
    // A Postgres in a service container has no TLS; the lab's own has, as hosted ones do.
    .replace('sslmode=require', `sslmode=${origin === 'lab' ? 'require' : 'prefer'}`)
  await shell(`gh() { cat > ${directory}/"$3"; }\n${commands}`)
  const url = readFileSync(join(directory, 'APP_DATABASE_URL'), 'utf8')

  const [workflow = ''] = blocksOf(setUp, 'yaml')
  writeFileSync(join(directory, 'backup.yml'), workflow.replaceAll('@<sha>', `@${REF}`))
  const caller = createCaller(stage, { workflows: [join(directory, 'backup.yml')], bucket, github })
  const { accessKeyId, secretAccessKey } = lab.s3
  const run = await caller.run('backup.yml', 'workflow_dispatch', {
    APP_DATABASE_URL: url,
    BACKUP_AWS_ACCESS_KEY_ID: accessKeyId,
    BACKUP_AWS_SECRET_ACCESS_KEY: secretAccessKey,
    DRILL_AWS_ACCESS_KEY_ID: accessKeyId,
    DRILL_AWS_SECRET_ACCESS_KEY: secretAccessKey,
  })

  expectJobs(run, {
    'Back up app': 'success',
    'All databases are backed up': 'success',
    'Drill of app': 'success',
  })
  expectExit(run, true)
  expectNoSecret(run, url)
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

function sectionOf(page: string, title: string): string {
  const [, rest = ''] = page.split(`\n## ${title}\n`)
  if (rest === '') throw new Error(`README.md has no section "${title}"`)
  return rest.split('\n## ')[0] ?? ''
}
