import { expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { databaseUrl, withClient } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { runAction } from '../support/runner.ts'

const lab = theLab()

/** Without the first the view cannot be filled; under the second nothing can. */
const SETTINGS = ["app.tenant TO '2'", 'default_transaction_read_only TO on']

async function build(hosted: HostedDatabase): Promise<void> {
  await withClient(hosted.url, client =>
    client.query(
      `CREATE TABLE orders (id int, tenant int); INSERT INTO orders SELECT i, i % 3 FROM generate_series(1, 9) AS i;
       SET app.tenant = '2';
       CREATE MATERIALIZED VIEW ours AS SELECT id FROM orders WHERE tenant = current_setting('app.tenant')::int`,
    ),
  )
  // Only a superuser may give a database settings that no extension has declared.
  for (const setting of SETTINGS) await alter(hosted, `SET ${setting}`)
}

async function alter({ name }: HostedDatabase, change: string): Promise<void> {
  await withClient(databaseUrl(lab, 'postgres'), client => client.query(`ALTER DATABASE ${name} ${change}`))
}

async function readOurs(url: string): Promise<unknown> {
  return await withClient(url, async client => {
    const { rows } = await client.query<{ id: number }>('SELECT id FROM ours ORDER BY id')
    return rows.map(({ id }) => id)
  })
}

it('materialised views are filled under the settings of the source’s database', async () => {
  await using hosted = await createHosted(lab)
  await build(hosted)
  await using bucket = await createBucket(lab)
  await dumpLogi(lab, hosted, bucket)
  await alter(hosted, 'RESET ALL')

  for (const inputs of [
    { mode: 'new-database' },
    { mode: 'overwrite' },
    { mode: 'overwrite', 'all-or-nothing': 'false' },
    { mode: 'swap' },
  ]) {
    const run = await runAction('restore-from-s3', restoreOptions(lab, hosted, bucket, inputs))

    expect(run.outputs, run.log).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    expect(run.log).not.toContain('Left out')
    expect(await readOurs(hosted.urlOf(run.outputs['restored-to'] ?? ''))).toEqual([2, 5, 8])
  }

  const drill = await runAction('verify-drill', {
    inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi' },
    env: labEnvironment(lab),
  })
  expect(drill.outputs, drill.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
  expect(drill.log).not.toContain('Left out')
})
