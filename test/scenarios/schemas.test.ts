import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { borrowLab } from '../../lab/lab.ts'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { schemaViolations } from '../support/json-schema.ts'
import { runAction } from '../support/runner.ts'

const SCHEMAS = {
  manifests: 'manifest',
  drills: 'drill-record',
  gates: 'gate-record',
  restores: 'restore-record',
}

it('every document in the bucket is valid by its published JSON Schema', async () => {
  await using lab = await borrowLab()
  await using source = await createDatabase(
    lab,
    'CREATE TABLE t (id int PRIMARY KEY, at timestamptz DEFAULT now()); INSERT INTO t SELECT generate_series(1, 9)',
    'schemas',
  )
  await using bucket = await createBucket(lab, 'schemas')
  const run = async (action: string, inputs: Readonly<Record<string, string>>) => {
    const place = { destination: `s3://${bucket.name}`, database: 'app' }
    const { exitCode, log } = await runAction(action, {
      inputs: { ...place, ...inputs },
      env: labEnvironment(lab),
    })
    expect(exitCode, log).toBe(0)
  }
  await run('dump-to-s3', { 'database-url': source.url, fingerprint: 'content' })
  await run('verify-drill', {})
  await run('pre-migration-snapshot', { 'database-url': source.url, migrations: 'always' })
  await run('restore-from-s3', { 'target-url': source.url, mode: 'overwrite', confirm: source.name })

  for (const [folder, name] of Object.entries(SCHEMAS)) {
    const schema = JSON.parse(readFileSync(`docs/schemas/${name}.json`, 'utf8'))
    const keys = await bucket.list(`${folder}/app/`)
    expect(keys.length, folder).toBeGreaterThan(0)
    for (const key of keys)
      expect(schemaViolations(schema, JSON.parse((await bucket.read(key)).toString())), key).toEqual([])
  }
})
