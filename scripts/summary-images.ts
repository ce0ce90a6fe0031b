/**
 * `node scripts/summary-images.ts`: the job summaries in docs/images, made by the committed actions against
 * the lab and drawn as GitHub would. Needs the Debian packages that docs/images/README.md names. `--dist DIR`
 * takes another build than the committed one.
 */
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { borrowLab } from '../lab/lab.ts'
import { buildLogi } from '../test/data/logi.ts'
import { createBucket } from '../test/support/bucket.ts'
import { createDatabase } from '../test/support/database.ts'
import { labEnvironment } from '../test/support/dump.ts'
import { runAction } from '../test/support/runner.ts'
import { readBackup, tamper } from '../test/support/tamper.ts'
import { drawSummary } from './summary-images/draw.ts'
import { pretendEarlier } from './summary-images/earlier.ts'

const { values } = parseArgs({ options: { dist: { type: 'string', default: 'dist' } } })
const FOLDER = 'docs/images'
const LOSE_A_TENTH = `
  SET session_replication_role = replica;
  DELETE FROM logi_identity_links WHERE id % 10 = 0`

await using lab = await borrowLab()
await using source = await createDatabase(
  lab,
  client => buildLogi(client, { users: 60_000, newest: new Date(Date.now() - 10 * 60_000) }),
  'app_production',
)
await using bucket = await createBucket(lab, 'example-backups')
const place = { destination: `s3://${bucket.name}/backups`, database: 'app' }
const run = async (action: string, inputs: Readonly<Record<string, string>>) => {
  const options = { inputs: { ...place, ...inputs }, env: labEnvironment(lab), dist: values.dist }
  return await runAction(action, options)
}
/** Without what only the lab has: the suffixes of its names, and its address. */
function asPublished(summary: string): string {
  return summary
    .replace(/\bexample-backups-[0-9a-f]{12}\b/g, 'example-backups')
    .replace(/\bapp_production_[0-9a-f]+/g, 'app_production')
    .replace(/ --endpoint-url '?http:\/\/127\.0\.0\.1:\d+'?/g, '')
}

/** Runs an action once for its record, pretends that it ran before, and draws what it says then. */
const draw = async (
  name: string,
  action: string,
  records: string,
  inputs: Readonly<Record<string, string>>,
) => {
  await run(action, inputs)
  await pretendEarlier(bucket, `backups/${records}/app/`)
  const { summary } = await run(action, inputs)
  drawSummary(asPublished(summary), FOLDER, `${name}-summary`)
  process.stdout.write(`${name}\n`)
}

const criteria = join(process.cwd(), 'examples/logi/drill-criteria.yml')
const PENDING = 'printf "20261102_add_plan_to_users\\n20261120_drop_legacy_tokens\\n"'
const connection = { 'database-url': source.url }
await draw('dump', 'dump-to-s3', 'manifests', { ...connection, kind: 'daily' })
await draw('drill-pass', 'verify-drill', 'drills', { criteria })
await draw('gate', 'pre-migration-snapshot', 'gates', { ...connection, migrations: PENDING })

await using other = await createBucket(lab, 'example-backups')
const elsewhere = { destination: `s3://${other.name}/backups` }
await run('dump-to-s3', { ...connection, ...elsewhere })
await run('verify-drill', { ...elsewhere, criteria })
await pretendEarlier(other, 'backups/drills/app/')
await tamper(lab, other, await readBackup(other), LOSE_A_TENTH)
const { summary } = await run('verify-drill', { ...elsewhere, criteria })
drawSummary(asPublished(summary), FOLDER, 'drill-fail-summary')
process.stdout.write('drill-fail\n')
