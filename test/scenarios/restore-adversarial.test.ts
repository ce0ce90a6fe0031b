import type { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { buildAdversarial } from '../data/adversarial.ts'
import { createBucket } from '../support/bucket.ts'
import { createDatabase, databaseUrl, withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { runAction } from '../support/runner.ts'

/**
 * Without what no archive holds, or only with owners and grants: settings of the database, and by whom large
 * objects are.
 */
async function buildComparable(client: Client): Promise<void> {
  await buildAdversarial(client)
  const { rows } = await client.query<{ name: string }>('SELECT quote_ident(current_database()) AS name')
  await client.query(`
    BEGIN READ WRITE;
    ALTER DATABASE ${rows[0]?.name} RESET ALL;
    UPDATE pg_largeobject_metadata SET lomowner = current_user::regrole, lomacl = NULL;
    COMMIT`)
}

describe('restore-from-s3 of the adversarial database', () => {
  const lab = theLab()

  it.each(['new-database', 'swap', 'overwrite'])('brings all of it back in mode %s', async mode => {
    await using source = await createDatabase(lab, buildComparable)
    await using bucket = await createBucket(lab)
    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { database: 'logi', fingerprint: 'content' } }),
    )
    expect(dumped.exitCode, dumped.log).toBe(0)
    const before = await databaseDigest(lab, source.url)

    const run = await runAction('restore-from-s3', {
      inputs: {
        'target-url': source.url,
        destination: `s3://${bucket.name}/backups`,
        database: 'logi',
        mode,
        confirm: source.name,
        'owner-role': 'postgres',
      },
      env: labEnvironment(lab),
    })

    const others = [run.outputs['restored-to'], run.outputs['previous-database']].filter(
      name => name !== undefined && name !== '' && name !== source.name,
    )
    const restored = run.outputs['restored-to'] ?? ''
    const after = restored === '' ? '' : await databaseDigest(lab, databaseUrl(lab, restored))
    await withClient(databaseUrl(lab, 'postgres'), async client => {
      for (const name of others) await client.query(`DROP DATABASE "${name}" WITH (FORCE)`)
    })
    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs.verdict).toBe('pass')
    expect(after).toBe(before)
    expect(run.log).not.toMatch(/^##\[error\]/m)
  })
})
