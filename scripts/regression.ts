/**
 * Backs up, drills and restores PostgreSQL's own regression database in every mode, with the content of every
 * row: `npm run regression`. Prints a line per step and fails where one did not come out right. Some 90
 * seconds.
 */
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import { openLabDirectories } from '../lab/directory.ts'
import { labKeep } from '../lab/lab.ts'
import { unpackRegressionTests } from '../lab/postgres-source.ts'
import { buildRegression } from '../test/data/regression.ts'
import { createBucket } from '../test/support/bucket.ts'
import { withClient } from '../test/support/database.ts'
import { labEnvironment } from '../test/support/dump.ts'
import { startOwnServer } from '../test/support/own-server.ts'
import { runAction } from '../test/support/runner.ts'

const lab = await labKeep()
const tests = await unpackRegressionTests((await openLabDirectories()).packages)
const { binDir } = lab.postgres
await using server = await startOwnServer(binDir, {
  max_connections: '60',
  max_prepared_transactions: '0',
  // For an overwrite in one transaction.
  max_locks_per_transaction: '256',
})
await using bucket = await createBucket(lab)
const destination = { destination: `s3://${bucket.name}/backups`, database: 'regression' }
/** The server trusts loopback; a password that is a word would mask that word in outputs. */
const password = randomBytes(12).toString('hex')
const url = (database: string) =>
  `postgresql://postgres:${password}@127.0.0.1:${server.port}/${database}?sslmode=disable`

await query('postgres', "CREATE DATABASE regression TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'")
const ran = await buildRegression(
  tests,
  { binDir, host: '127.0.0.1', port: server.port, user: 'postgres' },
  'regression',
)
console.log(`regression database: ${ran.length} tests left ${await count('regression')}`)

await step('dump-to-s3', { 'database-url': url('regression'), ...destination, fingerprint: 'content' })
await step('verify-drill', destination)
await restore('new-database', { 'new-database': 'restored_new' })
await query('postgres', 'CREATE DATABASE other')
await restore('overwrite', { confirm: 'other', 'confirm-source': 'regression' }, 'other')
await restore('swap', { confirm: 'other', 'confirm-source': 'regression' }, 'other')

/** As a superuser: no other role can create much of this database. */
async function restore(mode: string, inputs: Readonly<Record<string, string>>, database = 'regression') {
  await step(`restore-from-s3`, {
    'target-url': url(database),
    ...destination,
    mode,
    'owner-role': 'postgres',
    'terminate-sessions': 'true',
    'skip-safety-backup': 'measured by scripts/regression.ts',
    ...inputs,
  })
}

async function step(action: string, inputs: Readonly<Record<string, string>>): Promise<void> {
  const run = await runAction(action, { inputs, env: labEnvironment(lab) })
  const { verdict = '', outcome = '', rows = '' } = run.outputs
  const isRight = run.exitCode === 0 && (verdict === '' || verdict === 'pass')
  const what = [inputs.mode, outcome, verdict, rows && `${rows} rows`].filter(Boolean).join(' ')
  console.log(`${isRight ? 'ok  ' : 'FAIL'} ${action} ${what} (${(run.durationMs / 1000).toFixed(1)} s)`)
  if (isRight) return
  process.exitCode = 1
  for (const { level, message } of run.annotations) console.log(`     ${level}: ${message}`)
  console.log(run.summary)
}

async function query(database: string, sql: string): Promise<void> {
  await withClient(url(database), client => client.query(sql))
}

async function count(database: string): Promise<string> {
  const { rows } = await withClient(url(database), client =>
    client.query<{ relations: string; functions: string }>(
      `SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'f')) AS relations,
              (SELECT count(*) FROM pg_proc WHERE oid >= 16384) AS functions`,
    ),
  )
  return `${rows[0]?.relations} relations and ${rows[0]?.functions} functions`
}
