import { describe, expect, it } from 'vitest'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { withClient } from '../support/database.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const MODES = ['new-database', 'swap', 'overwrite'] as const

const SCHEMA = `
  CREATE SCHEMA audit;
  CREATE TABLE audit.events (id int PRIMARY KEY);
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL);
  INSERT INTO users (email) SELECT 'user' || i FROM generate_series(1, 100) AS i;
  CREATE FUNCTION users_count() RETURNS bigint LANGUAGE sql RETURN (SELECT count(*) FROM users)`

/** What is owned in the users' schemas, by whom. */
const OWNERS = `
  SELECT DISTINCT pg_get_userbyid(o.owner) AS owner FROM (
    SELECT relowner AS owner FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'audit'::regnamespace)
    UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'audit') AS o`

describe('restore-from-s3', () => {
  const lab = theLab()

  const dump = (from: HostedDatabase, to: TestBucket) => dumpLogi(lab, from, to, { fingerprint: 'counts' })

  function restore(
    target: HostedDatabase,
    bucket: TestBucket,
    inputs: Record<string, string>,
  ): Promise<ActionRun> {
    return runAction('restore-from-s3', restoreOptions(lab, target, bucket, inputs))
  }

  const rows = (url: string, sql: string) =>
    withClient(url, async client => (await client.query(sql)).rows as unknown[])

  describe('with restore-grants', () => {
    it.each(MODES)(
      'grants again, in mode %s, what the archive grants, and without it nothing',
      async mode => {
        await using app = await createHosted(lab)
        await using hosted = await createHosted(lab, SCHEMA)
        await using bucket = await createBucket(lab)
        await withClient(hosted.url, client =>
          client.query(
            `GRANT SELECT ON users TO ${app.user}; GRANT USAGE ON SCHEMA audit TO ${app.user};
           ALTER DEFAULT PRIVILEGES IN SCHEMA audit GRANT SELECT ON TABLES TO ${app.user}`,
          ),
        )
        await dump(hosted, bucket)
        const granted = `SELECT has_table_privilege('${app.user}', 'public.users', 'SELECT') AS users,
        has_schema_privilege('${app.user}', 'audit', 'USAGE') AS audit, (SELECT count(*)::int FROM pg_default_acl) AS defaults`

        const run = await restore(hosted, bucket, { mode, 'restore-grants': 'true' })
        const restored = hosted.urlOf(run.outputs['restored-to'] ?? '')

        expect(run.exitCode, run.log).toBe(0)
        expect(await rows(restored, granted)).toEqual([{ users: true, audit: true, defaults: 1 }])
        const without = await restore(hosted, bucket, {
          mode,
          'new-database': mode === 'overwrite' ? '' : `other_${hosted.name}`,
        })
        expect(without.exitCode, without.log).toBe(0)
        expect(await rows(hosted.urlOf(without.outputs['restored-to'] ?? ''), granted)).toMatchObject([
          { users: false, audit: false },
        ])
      },
    )

    it.each(MODES)('names, in mode %s, a role that is not there, and changes nothing', async mode => {
      await using hosted = await createHosted(lab, SCHEMA)
      await using bucket = await createBucket(lab)
      const role = `gone_${hosted.user}`
      await withClient(hosted.adminUrl, client => client.query(`CREATE ROLE ${role}`))
      await withClient(hosted.url, client => client.query(`GRANT SELECT ON users TO ${role}`))
      await dump(hosted, bucket)
      await withClient(hosted.adminUrl, client => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`))
      const before = await databaseDigest(lab, hosted.url)

      const run = await restore(hosted, bucket, { mode, 'restore-grants': 'true' })

      expect(run.exitCode).toBe(1)
      expect(run.annotations.at(-1)?.message).toContain(`role "${role}" does not exist`)
      expect(run.outputs['restored-to']).toBe('')
      expect(await databaseDigest(lab, hosted.url)).toBe(before)
    })
  })

  it('names in its plan who may connect, and lets in exactly these', async () => {
    await using app = await createHosted(lab)
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await withClient(hosted.url, client =>
      client.query(
        `REVOKE CONNECT ON DATABASE ${hosted.name} FROM PUBLIC; GRANT CONNECT ON DATABASE ${hosted.name} TO ${app.user};
         GRANT SELECT ON users TO ${app.user}`,
      ),
    )
    await dump(hosted, bucket)
    const name = `copy_of_${hosted.name}`

    const plan = await restore(hosted, bucket, { 'dry-run': 'true', 'new-database': name })
    const run = await restore(hosted, bucket, { 'new-database': name })

    expect(plan.summary).toContain(`May connect: ${hosted.user}, ${app.user}, and superusers.`)
    expect(plan.summary).toContain('Grants are not restored: 1 entry with grants in the backup.')
    expect(run.exitCode, run.log).toBe(0)
    const connectors = `SELECT rolname FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND has_database_privilege(oid, current_database(), 'CONNECT') ORDER BY 1`
    expect(await rows(hosted.urlOf(name), connectors)).toEqual(
      [app.user, hosted.user].toSorted().map(rolname => ({ rolname })),
    )
  })

  describe('with owner-role', () => {
    it.each(MODES)('makes that role the owner of everything in mode %s', async mode => {
      await using app = await createHosted(lab)
      await using hosted = await createHosted(lab, SCHEMA)
      await using bucket = await createBucket(lab)
      await withClient(hosted.adminUrl, client => client.query(`GRANT ${app.user} TO ${hosted.user}`))
      await dump(hosted, bucket)
      const before = await databaseDigest(lab, hosted.url)
      if (mode === 'overwrite') await grantWhatIsMissing(hosted, bucket, app.user)

      const run = await restore(hosted, bucket, { mode, 'owner-role': app.user })

      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs).toMatchObject({ outcome: 'restored', verdict: 'pass' })
      const restored = hosted.urlOf(run.outputs['restored-to'] ?? '')
      expect(await rows(restored, OWNERS)).toEqual([{ owner: app.user }])
      expect(await databaseDigest(lab, restored)).toBe(before)
    })

    it('leaves out what only a superuser may make, and names it', async () => {
      await using hosted = await createHosted(lab, SCHEMA)
      await using bucket = await createBucket(lab)
      await withClient(hosted.adminUrl, client =>
        client.query('CREATE PUBLICATION everything FOR ALL TABLES'),
      )
      await dump(hosted, bucket)

      const run = await restore(hosted, bucket, {
        mode: 'new-database',
        'target-url': hosted.adminUrl,
        'owner-role': hosted.user,
      })

      expect(run.exitCode, run.log).toBe(0)
      expect(run.outputs.outcome).toBe('restored')
      expect(run.log).toContain('PUBLICATION - everything')
    })

    /** The refusal has the statements, for the operator to type. */
    async function grantWhatIsMissing(target: HostedDatabase, bucket: TestBucket, role: string) {
      const before = await databaseDigest(lab, target.url)
      const refused = await restore(target, bucket, { mode: 'overwrite', 'owner-role': role })
      expect(refused.annotations.at(-1)?.title).toBe('restore-from-s3: TARGET_UNFIT')
      expect(await databaseDigest(lab, target.url)).toBe(before)
      const statements = refused.annotations.at(-1)?.message.match(/GRANT [^;]+;/g) ?? []
      expect(statements).toHaveLength(2)
      await withClient(target.url, client => client.query(statements.join('')))
    }

    it.each(['ADMIN TRUE, INHERIT FALSE, SET FALSE', 'INHERIT FALSE, SET TRUE', 'INHERIT TRUE, SET FALSE'])(
      'refuses a role that was granted WITH %s',
      async options => {
        await using app = await createHosted(lab)
        await using hosted = await createHosted(lab, SCHEMA)
        await using bucket = await createBucket(lab)
        await withClient(hosted.adminUrl, client =>
          client.query(`GRANT ${app.user} TO ${hosted.user} WITH ${options}`),
        )
        await dump(hosted, bucket)

        for (const mode of MODES) {
          const run = await restore(hosted, bucket, { mode, 'owner-role': app.user, 'dry-run': 'true' })
          expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: TARGET_UNFIT')
          expect(run.annotations.at(-1)?.message).toContain('WITH INHERIT TRUE, SET TRUE')
        }
      },
    )

    it.each(MODES)('refuses, in mode %s, a role that is not there or that it may not act as', async mode => {
      await using app = await createHosted(lab)
      await using hosted = await createHosted(lab, SCHEMA)
      await using bucket = await createBucket(lab)
      await dump(hosted, bucket)
      const before = await databaseDigest(lab, hosted.url)

      for (const role of ['nobody_has_this', app.user]) {
        const run = await restore(hosted, bucket, { mode, 'owner-role': role })
        expect(run.annotations.at(-1)?.title).toBe('restore-from-s3: TARGET_UNFIT')
        expect(run.annotations.at(-1)?.message).toContain(role)
      }
      expect(await databaseDigest(lab, hosted.url)).toBe(before)
      expect(await bucket.list('backups/restores/')).toEqual([])
    })
  })
})
