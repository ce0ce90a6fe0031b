import { readdir, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, describe, expect, it } from 'vitest'
import { renderManifest } from '../../src/core/backup/manifest.ts'
import { buildDemoDatabase, buildLogi } from '../data/logi.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase, withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { type ActionOptions, runAction } from '../support/runner.ts'
import { readBackup } from '../support/tamper.ts'
import { asOrdinaryUser } from '../support/wrapped-action.ts'

describe('a drill of a good backup', () => {
  const lab = theLab()
  const opened = new AsyncDisposableStack()
  afterAll(() => opened.disposeAsync())

  async function backUp(
    source: Pick<TestDatabase, 'url'>,
    inputs: Record<string, string> = {},
  ): Promise<TestBucket> {
    const bucket = opened.use(await createBucket(lab))
    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { database: 'logi', fingerprint: 'content', ...inputs } }),
    )
    expect(run.exitCode, run.log).toBe(0)
    return bucket
  }

  function drill(bucket: TestBucket, { inputs = {}, env = {}, ...others }: ActionOptions = {}) {
    return runAction('verify-drill', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: { ...labEnvironment(lab), ...env },
      ...others,
    })
  }

  it('passes for the demo database, by its content and by the criteria of the runbook', async () => {
    await using source = await createDatabase(lab, client => buildDemoDatabase(client, new Date()))
    const bucket = await backUp(source)
    const criteria = 'examples/logi/drill-criteria.yml'

    const run = await drill(bucket, { inputs: { criteria: resolve(criteria) } })

    expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
  })

  it('passes as an ordinary user, who needs nobody else to run a server', async () => {
    await using source = await createDatabase(lab, client => buildLogi(client, { users: 100 }))
    const bucket = await backUp(source)
    const { directory, ...wrapped } = await asOrdinaryUser('verify-drill')

    const run = await drill(bucket, wrapped)

    expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
    expect(JSON.parse(run.state.cluster ?? '')).toBeNull()
    expect(await readdir(wrapped.env.RUNNER_TEMP ?? '')).toEqual([])
    await rm(directory, { recursive: true })
  })

  it('passes for a part of a database that is asked for by its id', async () => {
    await using source = await createDatabase(lab, client => buildLogi(client, { users: 100 }))
    const bucket = await backUp(source, { tables: 'schema_migrations' })
    const { manifest } = await readBackup(bucket)

    const run = await drill(bucket, { inputs: { backup: manifest.backup.id } })

    expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
  })

  it.each<[string, Record<string, string>]>([
    ['schemas', { schemas: 'public' }],
    ['a schema that uses an extension in another', { schemas: 'apart' }],
    ['patterns that name a sequence too', { tables: 'o*' }],
    ['excluded tables', { 'exclude-tables': 'left_out' }],
  ])('passes for a part of a database with a sequence of its own: %s', async (_, part) => {
    await using source = await createDatabase(
      lab,
      `CREATE EXTENSION citext; CREATE TABLE owner (id serial PRIMARY KEY, name citext); INSERT INTO owner DEFAULT VALUES;
       CREATE TABLE left_out (id serial); CREATE SEQUENCE on_its_own; SELECT nextval('on_its_own');
       CREATE SCHEMA apart; CREATE TABLE apart.names (id serial, name public.citext); INSERT INTO apart.names DEFAULT VALUES; COMMENT ON SCHEMA apart IS 'of its own'`,
    )
    const bucket = await backUp(source, part)
    const { manifest } = await readBackup(bucket)

    const run = await drill(bucket, { inputs: { backup: manifest.backup.id } })

    expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
  })

  it.each([
    ['LATIN1', "ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'", 'LATIN1|c||'],
    ['SQL_ASCII', "ENCODING SQL_ASCII LOCALE_PROVIDER libc LOCALE 'C'", 'SQL_ASCII|c||'],
    [
      'ICU',
      "ENCODING UTF8 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' ICU_RULES '&a < g' LOCALE 'C'",
      'UTF8|i|de-DE|&a < g',
    ],
    [
      'builtin',
      "ENCODING UTF8 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'",
      'UTF8|b|C.UTF-8|',
    ],
  ])('happens in a database like the source: %s', async (name, options, expected) => {
    await using admin = await createDatabase(lab)
    const database = `${admin.name}_${name.toLowerCase()}`
    await admin.query(`CREATE DATABASE ${database} TEMPLATE template0 ${options}`)
    const url = admin.url.replace(admin.name, database)
    await withClient(url, client =>
      client.query(
        "CREATE TABLE t AS SELECT i, convert_from('\\x4d6f76', 'SQL_ASCII') || i AS name FROM generate_series(1, 500) AS i",
      ),
    )
    const bucket = await backUp({ url })
    await admin.query(`DROP DATABASE ${database}`)

    const run = await drill(bucket, {
      inputs: {
        'smoke-command':
          'psql -XAtc "SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale, daticurules FROM pg_database WHERE datname = current_database()" "$DATABASE_URL"',
      },
    })

    expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
    expect(run.log).toContain(`\n${expected}\n`)
  })

  it('passes where a CHECK needs settings of the database', async () => {
    await using source = await createDatabase(lab)
    await source.query(
      `ALTER DATABASE ${source.name} SET app.tenant = 'a b'; ALTER DATABASE ${source.name} SET timezone = 'Asia/Tokyo'`,
    )
    await withClient(source.url, client =>
      client.query(
        `CREATE TABLE t (name text CHECK (current_setting('app.tenant') <> name), at timestamptz, day date CHECK (day = at::date));
         INSERT INTO t VALUES ('x', '2026-01-01 23:00Z', '2026-01-02')`,
      ),
    )
    const bucket = await backUp(source)

    const run = await drill(bucket)

    expect(run.outputs, run.log).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
  })

  it('happens with another collation where the server lacks the locale, and says so', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS a')
    const bucket = await backUp(source)
    const { manifest, manifestKey } = await readBackup(bucket)
    const server = {
      ...manifest.server,
      collationProvider: 'c',
      collate: 'xx_XX.UTF-8',
      ctype: 'xx_XX.UTF-8',
    }
    const Body = renderManifest({ ...manifest, server })
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: manifestKey, Body }))

    const run = await drill(bucket)

    expect(run.outputs.verdict, run.log).toBe('pass')
    expect(run.summary.replaceAll('\\', '')).toContain('xx_XX.UTF-8')
  })
})
