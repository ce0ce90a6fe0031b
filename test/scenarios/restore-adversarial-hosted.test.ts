import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { buildAdversarial } from '../data/adversarial.ts'
import { FOREIGN_SERVER, prepareAsProvider, providersOwn } from '../data/adversarial-hosted.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

/**
 * Rows gone from guarded tables, tables that no backup knows, references and types that block the restore.
 */
const DAMAGE = `
  BEGIN READ WRITE;
  SET logi.allow_audit_purge = 'yes';
  DELETE FROM app.audit WHERE id % 3 = 0;
  DROP TABLE app.bookings;
  ALTER TYPE types.mood ADD VALUE 'damaged';
  CREATE SCHEMA later;
  CREATE TABLE later.badges (id int, person uuid REFERENCES app.people);
  CREATE FUNCTION ext.left_here() RETURNS int LANGUAGE sql RETURN 1;
  COMMIT`

describe('restore-from-s3 of the adversarial database, as an owner who is no superuser', () => {
  const lab = theLab()

  async function createAdversarial(more: (hosted: HostedDatabase) => Promise<unknown> = async () => {}) {
    const hosted = await createHosted(lab)
    try {
      await withClient(hosted.adminUrl, client => prepareAsProvider(client, hosted.user))
      await withClient(hosted.url, client => buildAdversarial(client, { asOwner: true }))
      await more(hosted)
      return hosted
    } catch (error) {
      await hosted[Symbol.asyncDispose]()
      throw error
    }
  }

  async function dump(from: HostedDatabase, to: TestBucket): Promise<void> {
    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, from, to, { inputs: { database: 'logi', fingerprint: 'content' } }),
    )
    expect(run.exitCode, run.log).toBe(0)
  }

  /** With three sessions of the application in the target. */
  async function restore(target: HostedDatabase, bucket: TestBucket, mode: string): Promise<ActionRun> {
    // Overwriting refuses to lose a mapping whose options its owner cannot read.
    if (mode === 'overwrite')
      await withClient(target.url, client =>
        client.query(
          'BEGIN READ WRITE; DROP USER MAPPING IF EXISTS FOR adversarial_mapped SERVER elsewhere; COMMIT',
        ),
      )
    const clients = await Promise.all(Array.from({ length: 3 }, () => connect(target.url)))
    try {
      return await runAction('restore-from-s3', {
        inputs: {
          'target-url': target.url,
          destination: `s3://${bucket.name}/backups`,
          database: 'logi',
          mode,
          confirm: target.name,
          'terminate-sessions': 'true',
        },
        env: labEnvironment(lab),
      })
    } finally {
      await Promise.all(clients.map(client => client.end().catch(() => {})))
    }
  }

  it.each(['new-database', 'swap', 'overwrite'])('brings all of it back in mode %s', async mode => {
    await using hosted = await createAdversarial()
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const good = await databaseDigest(lab, hosted.url)
    await withClient(hosted.url, client => client.query(DAMAGE))
    const damaged = await databaseDigest(lab, hosted.url)

    const run = await restore(hosted, bucket, mode)

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    expect(await databaseDigest(lab, hosted.urlOf(run.outputs['restored-to'] ?? ''))).toBe(good)
    if (mode === 'new-database') expect(await databaseDigest(lab, hosted.url)).toBe(damaged)
    if (mode === 'swap')
      expect(await databaseDigest(lab, hosted.urlOf(run.outputs['previous-database'] ?? ''))).toBe(damaged)
    expect(run.log).not.toMatch(/^##\[error\]/m)
  })

  it('leaves alone, in mode overwrite, what only the provider can make', async () => {
    await using hosted = await createAdversarial(withProvidersOwn)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const good = await databaseDigest(lab, hosted.url)
    await withClient(hosted.url, client => client.query(DAMAGE))

    const run = await restore(hosted, bucket, 'overwrite')

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
    // A table that is dropped leaves its publication; that of another owner does not get it back, and the
    // warning says so.
    const warning = run.annotations.find(({ message }) => message.includes('left out'))?.message
    for (const entry of [
      'PUBLICATION TABLE app one_table people',
      'PUBLICATION TABLES IN SCHEMA',
      'EVENT TRIGGER',
    ])
      expect(warning).toContain(entry)
    await asProvider(hosted, 'ALTER PUBLICATION one_table ADD TABLE app.people, app.values')
    await asProvider(hosted, 'ALTER PUBLICATION one_schema ADD TABLES IN SCHEMA app')
    expect(await databaseDigest(lab, hosted.url)).toBe(good)
  })

  it.each(['new-database', 'swap'])(
    'names an extension that only the provider can make in mode %s',
    async mode => {
      await using hosted = await createAdversarial(withProvidersOwn)
      await using bucket = await createBucket(lab)
      await dump(hosted, bucket)
      const before = await databaseDigest(lab, hosted.url)

      const run = await restore(hosted, bucket, mode)

      const [error] = run.annotations.filter(({ level }) => level === 'error')
      expect(error?.title).toBe('restore-from-s3: TARGET_UNFIT')
      // Of the two that it cannot make, the one that something else needs.
      expect(error?.message).toContain('postgres_fdw')
      expect(error?.message).toContain('Needed by server elsewhere')
      expect(error?.message).toContain('mode overwrite')
      expect(run.outputs['restored-to']).toBe('')
      expect(await databaseDigest(lab, hosted.url)).toBe(before)
    },
  )

  async function withProvidersOwn(hosted: HostedDatabase): Promise<void> {
    await asProvider(hosted, providersOwn(hosted.user))
    await withClient(hosted.url, client => client.query(`BEGIN READ WRITE; ${FOREIGN_SERVER}; COMMIT`))
  }

  async function asProvider(hosted: HostedDatabase, sql: string): Promise<void> {
    await withClient(hosted.adminUrl, client => client.query(`BEGIN READ WRITE; ${sql}; COMMIT`))
  }
})

/** A session that does nothing, as those of a pool. It may be cut off. */
async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}
