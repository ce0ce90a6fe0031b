import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { parseManifest, renderManifest } from '../../src/core/backup/manifest.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, withClient } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { createHosted, type HostedDatabase } from '../support/hosted.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { dumpLogi, restoreOptions } from '../support/restore-run.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const SCHEMA = `
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, created_at timestamptz NOT NULL);
  INSERT INTO users (email, created_at) SELECT 'user' || i, now() FROM generate_series(1, 100) AS i;
  CREATE TABLE links (id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users);
  INSERT INTO links (user_id) SELECT i FROM generate_series(1, 50) AS i;`

const MODES = ['new-database', 'swap', 'overwrite'] as const

describe('restore-from-s3 refuses before the first change', () => {
  const lab = theLab()

  const dump = (from: { readonly url: string }, to: TestBucket, inputs: Record<string, string> = {}) =>
    dumpLogi(lab, from, to, { fingerprint: 'counts', ...inputs })

  /** Runs the restore and expects one error of that code, and that nothing whatever has changed. */
  async function refusal(
    target: HostedDatabase,
    bucket: TestBucket,
    code: string,
    inputs: Record<string, string>,
    env: Record<string, string> = {},
  ): Promise<ActionRun> {
    const look = async () => [
      await databaseDigest(lab, target.adminUrl),
      await withClient(
        target.url,
        async client =>
          (
            await client.query(
              "SELECT string_agg(datname, ',' ORDER BY 1) AS all FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = current_user",
            )
          ).rows,
      ),
    ]
    const before = await look()
    const options = restoreOptions(lab, target, bucket, inputs)
    const run = await runAction('restore-from-s3', { ...options, env: { ...options.env, ...env } })
    expect(await look()).toEqual(before)
    const errors = run.annotations.filter(({ level }) => level === 'error')
    expect(
      errors.map(({ title }) => title),
      run.log,
    ).toEqual([`restore-from-s3: ${code}`])
    expect(run.exitCode).toBe(1)
    expect(run.leftFiles).toEqual([])
    expect(await bucket.list('backups/restores/')).toEqual([])
    return run
  }

  it('a wrong or missing confirmation', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    for (const confirm of ['', 'logi', hosted.name.toUpperCase(), `${hosted.name}2`])
      await refusal(hosted, bucket, 'CONFIRMATION_MISSING', { mode: 'overwrite', confirm })
    for (const mode of MODES)
      for (const dryRun of ['true', 'false'])
        await refusal(hosted, bucket, 'CONFIRMATION_MISSING', { mode, confirm: 'logi', 'dry-run': dryRun })
  })

  it.each(['swap', 'overwrite'])('a partial backup in mode %s', async mode => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    const backup = await dump(hosted, bucket, { tables: 'users' })

    await refusal(hosted, bucket, 'BACKUP_UNUSABLE', { mode, backup })
  })

  it.each(MODES)('a corrupted archive in mode %s', async mode => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const [Key = ''] = await bucket.list('backups/archives/')
    const bytes = Buffer.from(await bucket.read(Key))
    bytes[1000] = (bytes[1000] ?? 0) ^ 1
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: bytes }))

    await refusal(hosted, bucket, 'ARCHIVE_CORRUPT', { mode })
  })

  it.each([
    ['a server of an older major', { version: '19.1' }, 'older than the 19.1'],
    [
      'a missing extension',
      { extensions: [{ name: 'timescaledb', schema: 'public', version: '2.1' }] },
      'timescaledb',
    ],
    ['a missing role', { requiredRoles: ['reporting'] }, 'reporting'],
  ])('%s', async (_, server, words) => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const [Key = ''] = await bucket.list('backups/manifests/')
    const manifest = parseManifest((await bucket.read(Key)).toString(), Key)
    const Body = renderManifest({ ...manifest, server: { ...manifest.server, ...server } })
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }))

    for (const mode of MODES) {
      const run = await refusal(hosted, bucket, 'TARGET_UNFIT', { mode })
      expect(run.annotations.at(-1)?.message).toContain(words)
    }
  })

  it('a role that may not create databases', async () => {
    await using hosted = await createHosted(lab, SCHEMA, '')
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    for (const mode of ['new-database', 'swap'])
      expect((await refusal(hosted, bucket, 'TARGET_UNFIT', { mode })).log).toContain('CREATEDB')
  })

  it('what others own, in mode overwrite', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
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
    await using hosted = await createHosted(lab, SCHEMA)
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

  it.each([
    ['allow_audit_purge', 'INVALID_INPUT', 'expected one name=value per line'],
    ['app.allow_audit_purge: yes', 'INVALID_INPUT', 'expected one name=value per line'],
    ['allow_audit_purge=yes', 'INVALID_INPUT', 'unrecognized configuration parameter "allow_audit_purge"'],
    ['work_mem=much', 'INVALID_INPUT', 'invalid value for parameter "work_mem"'],
    ['session_replication_role=replica', 'INVALID_INPUT', 'permission denied to set parameter'],
    ['port=1', 'INVALID_INPUT', 'cannot be changed'],
  ])('the session setting %s', async (setting, code, words) => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    for (const mode of MODES) {
      const run = await refusal(hosted, bucket, code, { mode, 'session-settings': `app.x=1\n${setting}` })
      expect(run.annotations.at(-1)?.message).toContain(words)
      expect(run.annotations.at(-1)?.message).toContain('session-settings')
      expect(run.log).not.toContain('Download')
    }
  })

  it.each([
    ['psql', ['pg_restore', 'pg_dump']],
    ['pg_dump', ['pg_restore', 'psql']],
    ['pg_restore', ['psql', 'pg_dump']],
  ])('a missing %s, before the download', async (missing, there) => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-tools-'))
    try {
      for (const tool of there) {
        const script = `#!/bin/sh\nPATH=/usr/bin:/bin exec ${join(lab.postgres.binDir, tool)} "$@"\n`
        writeFileSync(join(directory, tool), script, { mode: 0o755 })
      }

      const run = await refusal(hosted, bucket, 'TOOL_MISSING', { mode: 'overwrite' }, { PATH: directory })

      expect(run.annotations.at(-1)?.message).toContain(`no ${missing} of PostgreSQL 18`)
      expect(run.log).not.toContain('Download')
      expect(await bucket.list('backups/manifests/')).toHaveLength(1)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('a disk that is too small, and a name that is taken', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    await refusal(hosted, bucket, 'TARGET_UNFIT', { 'target-disk-size': '1MiB' })
    await refusal(hosted, bucket, 'INVALID_INPUT', { 'new-database': hosted.name })
  })

  it('a name that is taken, in a dry run too', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
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
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)

    await withClient(hosted.adminUrl, async () => {
      const run = await refusal(hosted, bucket, 'TARGET_BUSY', { mode, 'terminate-sessions': 'true' })
      expect(run.annotations.at(-1)?.message).toContain('cannot be ended')
    })
  })

  it('a table of another role in public, which it may not lock, in mode overwrite', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    await withClient(hosted.adminUrl, client =>
      client.query(`CREATE TABLE public.theirs (); GRANT SELECT ON public.theirs TO ${hosted.user}`),
    )

    const run = await refusal(hosted, bucket, 'TARGET_UNFIT', { mode: 'overwrite' })

    expect(run.annotations.at(-1)?.message).toContain('public.theirs')
  })

  it('what no safety backup could read, in mode overwrite', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
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
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    await withClient(hosted.adminUrl, client => client.query("SELECT lo_from_bytea(4242, 'x')"))

    const run = await refusal(hosted, bucket, 'TARGET_UNFIT', { mode: 'overwrite' })

    expect(run.annotations.at(-1)?.message).toContain('large object 4242')
  })

  it.each(['swap', 'overwrite'])('a subscription in the target, in mode %s', async mode => {
    await using hosted = await createHosted(lab, SCHEMA)
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

  it('a pg_restore that is older than the pg_dump of the archive', async () => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket)
    const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-tools-'))
    try {
      const script = "#!/bin/sh\necho 'pg_restore (PostgreSQL) 17.9'\n"
      writeFileSync(join(directory, 'pg_restore'), script, { mode: 0o755 })

      const run = await refusal(hosted, bucket, 'TOOL_MISSING', {}, { PATH: `${directory}:/usr/bin:/bin` })

      expect(run.annotations.at(-1)?.message).toContain('no pg_restore of PostgreSQL 18')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it.each(['swap', 'overwrite'])('a backup without counts in mode %s', async mode => {
    await using hosted = await createHosted(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    await dump(hosted, bucket, { fingerprint: 'none' })

    await refusal(hosted, bucket, 'BACKUP_UNUSABLE', { mode })
  })

  it('a database that is not there, with the name that was tried', async () => {
    await using source = await createDatabase(lab, SCHEMA)
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
