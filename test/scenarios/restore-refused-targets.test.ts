import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase, withClient } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { createHosted } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { refusalsOn, TWO_TABLES } from '../support/restore-refusal.ts'
import { runAction } from '../support/runner.ts'

describe('restore-from-s3 refuses a target before the first change', () => {
  const lab = theLab()

  const { dump, refusal } = refusalsOn(lab)

  it('a role that may not create databases', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES, '')
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    for (const mode of ['new-database', 'swap'])
      expect((await refusal(hosted, bucket, 'TARGET_UNFIT', { mode })).log).toContain('CREATEDB')
  })

  it('what others own, in mode overwrite', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    await withClient(hosted.adminUrl, client =>
      client.query(
        'CREATE SCHEMA provider CREATE TABLE secrets (x int); CREATE FUNCTION provider.spy() RETURNS int LANGUAGE sql RETURN 1',
      ),
    )

    const run = await refusal(hosted, bucket, 'TARGET_UNFIT', { mode: 'overwrite' })

    expect(run.log).toContain('schema provider')
    expect(run.log).toContain('table provider.secrets')
    expect(run.log).toContain('function provider.spy()')
  })

  it('other sessions in mode overwrite, unless they may be cut off', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    await withClient(hosted.url, async client => {
      await client.query("SET application_name = 'puma'")
      const run = await refusal(hosted, bucket, 'TARGET_BUSY', { mode: 'overwrite' })
      expect(run.annotations.at(-1)?.message).toContain('puma')
      const planned = await runAction('restore-from-s3', {
        inputs: {
          'target-url': hosted.url,
          destination: `s3://${bucket.name}/backups`,
          database: 'logi',
          mode: 'overwrite',
          'dry-run': 'true',
          'terminate-sessions': 'true',
        },
        env: labEnvironment(lab),
      })
      expect(planned.outputs.outcome).toBe('planned')
    })
  })

  it('a disk that is too small, and a name that is taken', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    await refusal(hosted, bucket, 'TARGET_UNFIT', { 'target-disk-size': '1MiB' })
    await refusal(hosted, bucket, 'INVALID_INPUT', { 'new-database': hosted.name })
  })

  it('a name that is taken, in a dry run too', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using other = await createHosted(lab)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    for (const mode of ['new-database', 'swap'])
      for (const dryRun of ['true', 'false']) {
        const inputs = { mode, 'new-database': other.name, 'dry-run': dryRun }
        const run = await refusal(hosted, bucket, 'TARGET_UNFIT', inputs)
        expect(run.annotations.at(-1)?.message).toContain(`here is a database named ${other.name} already`)
      }
  })

  it.each(['swap', 'overwrite'])('a session that it cannot end, in mode %s', async mode => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    await withClient(hosted.adminUrl, async () => {
      const run = await refusal(hosted, bucket, 'TARGET_BUSY', { mode, 'terminate-sessions': 'true' })
      expect(run.annotations.at(-1)?.message).toContain('cannot be ended')
    })
  })

  it('a table of another role in public, which it may not lock, in mode overwrite', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    await withClient(hosted.adminUrl, client =>
      client.query(`CREATE TABLE public.theirs (); GRANT SELECT ON public.theirs TO ${hosted.user}`),
    )

    const run = await refusal(hosted, bucket, 'TARGET_UNFIT', { mode: 'overwrite' })

    expect(run.annotations.at(-1)?.message).toContain('public.theirs')
  })

  it('what no safety backup could read, in mode overwrite', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    await withClient(hosted.url, client =>
      client.query('ALTER TABLE links ENABLE ROW LEVEL SECURITY; ALTER TABLE links FORCE ROW LEVEL SECURITY'),
    )
    const overwrite = { mode: 'overwrite', 'dry-run': 'true' }

    const run = await runAction('restore-from-s3', {
      inputs: {
        'target-url': hosted.url,
        destination: `s3://${bucket.name}/backups`,
        database: 'logi',
        ...overwrite,
      },
      env: labEnvironment(lab),
    })

    expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: DATABASE_PRIVILEGES')
    expect(run.log).not.toContain('Download and verify')
  })

  it('a large object of another role, in mode overwrite', async () => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    await withClient(hosted.adminUrl, client => client.query("SELECT lo_from_bytea(4242, 'x')"))

    const run = await refusal(hosted, bucket, 'TARGET_UNFIT', { mode: 'overwrite' })

    expect(run.annotations.at(-1)?.message).toContain('large object 4242')
  })

  it.each(['swap', 'overwrite'])('a subscription in the target, in mode %s', async mode => {
    await using hosted = await createHosted(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const subscription = `sub_${hosted.name}`
    await withClient(hosted.adminUrl, client =>
      client.query(
        `CREATE SUBSCRIPTION ${subscription} CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
      ),
    )
    try {
      const run = await refusal(hosted, bucket, 'TARGET_UNFIT', { mode })
      expect(run.annotations.at(-1)?.message).toContain(subscription)
    } finally {
      await withClient(hosted.adminUrl, client => client.query(`DROP SUBSCRIPTION ${subscription}`))
    }
  })

  it('a database that is not there, with the name that was tried', async () => {
    await using source = await createDatabase(lab, TWO_TABLES)
    await using bucket = await createBucket(lab)
    await dump(source, bucket)
    const run = await runAction('restore-from-s3', {
      inputs: {
        'target-url': source.url.replace(source.name, 'nowhere'),
        destination: `s3://${bucket.name}/backups`,
        database: 'logi',
      },
      env: labEnvironment(lab),
    })
    expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: DATABASE_AUTH')
    expect(run.annotations.at(-1)?.message).toContain('nowhere')
  })
})
