import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { readProjectFiles } from '../../../src/actions/pre-migration-snapshot/project-files.ts'
import { detectMigrations } from '../../../src/core/migrations/detect.ts'
import type { MigrationReport, MigrationTables } from '../../../src/core/migrations/migration-report.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { readMigrationTables } from '../../../src/postgres/catalog/migration-tables.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, databaseUrl } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures/migrations')

/** Every tool, its folder under test/fixtures/migrations, and all its migrations in order. */
const TOOLS = [
  [
    'Rails',
    'rails',
    [
      '20260901090000_create_users',
      '20260915090000_create_deliveries',
      '20261001090000_index_deliveries_by_user',
    ],
  ],
  [
    'Prisma',
    'prisma',
    ['20260901090000_create_users', '20260915090000_create_deliveries', '20261001090000_index_deliveries'],
  ],
  ['Drizzle', 'drizzle', ['0000_create_users', '0001_create_deliveries', '0002_index_deliveries']],
  [
    'Knex',
    'knex',
    ['20260901090000_create_users', '20260915090000_create_deliveries', '20261001090000_index_deliveries'],
  ],
  [
    'TypeORM',
    'typeorm',
    ['CreateUsers1788253200000', 'CreateDeliveries1789462800000', 'IndexDeliveries1790845200000'],
  ],
  [
    'Django',
    'django',
    ['deliveries.0001_initial', 'deliveries.0002_deliveries', 'deliveries.0003_index_deliveries'],
  ],
  [
    'Alembic',
    'alembic',
    ['1f0c3a9b7d21_create_users', '5e2d8c4f6a10_create_deliveries', 'a93b7e1c0d58_index_deliveries'],
  ],
  [
    'Flyway',
    'flyway',
    ['V1__create_users.sql', 'V2__create_deliveries.sql', 'V2.1__index_deliveries.sql', 'R__user_emails.sql'],
  ],
  [
    'golang-migrate',
    'golang-migrate',
    ['000001_create_users', '000002_create_deliveries', '000003_index_deliveries'],
  ],
  [
    'Atlas',
    'atlas',
    ['20260901090000_create_users', '20260915090000_create_deliveries', '20261001090000_index_deliveries'],
  ],
] as const

describe.each(TOOLS)('%s', (tool, folder, all) => {
  it('lists the one that is pending', async () => {
    const report = await detect(folder, 'one-pending.sql')

    // Flyway runs repeatable scripts last: there the pending one is the last but one.
    expect(report).toMatchObject({ tool, state: 'pending', pending: [all[2]] })
    expect(report.why).toContain(`1 of ${all.length} migrations`)
  })

  it('finds nothing pending', async () => {
    const report = await detect(folder, 'none-pending.sql')

    expect(report).toMatchObject({ tool, state: 'none', pending: [] })
    expect(report.why).toContain(`All ${all.length} migrations`)
  })

  it('takes everything for pending without the table', async () => {
    const report = await detect(folder)

    expect(report).toMatchObject({ tool, state: 'pending', pending: all })
    expect(report.why).toContain('has no table')
  })

  it('cannot tell without the folder', async () => {
    const report = await detect(undefined, `${folder}/none-pending.sql`)

    expect(report).toMatchObject({ tool, state: 'unknown', pending: [] })
    expect(report.why).toMatch(/has none in .*Check out the project/)
  })
})

describe('what the tools leave behind when something went wrong', () => {
  test.each([
    [
      'prisma',
      'failed.sql',
      'pending',
      ['20261001090000_index_deliveries'],
      /failed before.*migrate resolve/,
    ],
    ['prisma', 'rolled-back.sql', 'pending', ['20261001090000_index_deliveries'], /1 of 3/],
    ['golang-migrate', 'dirty.sql', 'unknown', [], /Migration 3 failed midway \(dirty\)/],
    ['flyway', 'repeated.sql', 'pending', ['R__user_emails.sql'], /1 of 4/],
    ['flyway', 'baseline.sql', 'pending', ['V2.1__index_deliveries.sql', 'R__user_emails.sql'], /2 of 4/],
    ['atlas', 'baseline.sql', 'none', [], /All 3/],
    [
      'atlas',
      'partial.sql',
      'unknown',
      [],
      /20261015090000 was applied only in part and is not in the project/,
    ],
  ] as const)('%s: %s is %s', async (folder, sql, state, pending, why) => {
    const report = await detect(folder, sql)

    expect(report).toMatchObject({ state, pending })
    expect(report.why).toMatch(why)
  })
})

describe('reading the tables', () => {
  it('reads a table in whatever schema it is, with odd names', async () => {
    const tables = await read(
      'CREATE SCHEMA "We.ird ""s"; CREATE TABLE "We.ird ""s".knex_migrations (id int, name text, batch int, migration_time timestamptz); INSERT INTO "We.ird ""s".knex_migrations VALUES (1, $$it\'s "x".js$$, 1, now())',
    )

    expect(tables.tables).toMatchObject([
      { schema: 'We.ird "s', name: 'knex_migrations', rows: [{ name: 'it\'s "x".js' }] },
    ])
  })

  it('tells apart tools that share a name', async () => {
    const { tables } = await read(`
      CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations VALUES ('1');
      CREATE SCHEMA go; CREATE TABLE go.schema_migrations (version bigint PRIMARY KEY, dirty boolean); INSERT INTO go.schema_migrations VALUES (7, true);
      CREATE SCHEMA ecto; CREATE TABLE ecto.schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0));
      CREATE TABLE migrations (id int, migration text, batch int);
      CREATE TABLE orders (id int); CREATE TABLE knex_migrations_lock (index int, is_locked int)`)

    expect(tables.map(({ schema, name, rows }) => ({ schema, name, rows }))).toEqual([
      { schema: 'ecto', name: 'schema_migrations', rows: [] },
      { schema: 'go', name: 'schema_migrations', rows: [{ version: '7', dirty: 'true' }] },
      { schema: 'public', name: 'migrations', rows: [] },
      { schema: 'public', name: 'schema_migrations', rows: [{ version: '1' }] },
    ])
  })

  it('leaves out what belongs to an extension, views, and columns that may hold data', async () => {
    const { tables } = await read(`
      CREATE EXTENSION citext; CREATE SCHEMA ext; CREATE TABLE ext.alembic_version (version_num text); ALTER EXTENSION citext ADD TABLE ext.alembic_version;
      CREATE VIEW alembic_version AS SELECT 'x' AS version_num;
      CREATE TABLE _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz, logs text);
      INSERT INTO _prisma_migrations VALUES ('a', NULL, NULL, 'Key (email)=(ann@example.com)')`)

    expect(tables.map(({ rows }) => rows)).toEqual([
      [{ migration_name: 'a', finished_at: null, rolled_back_at: null }],
    ])
  })

  it('is never none where the role may not read a table', async () => {
    const lab = theLab()
    await using database = await createDatabase(
      lab,
      `${fixture('rails/none-pending.sql')}; CREATE TABLE alembic_version (version_num text); ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY`,
    )
    const user = `reader_${database.name.slice(-8)}`
    await database.query(
      `CREATE ROLE ${user} LOGIN PASSWORD 'p'; GRANT SELECT ON alembic_version TO ${user}; REVOKE ALL ON schema_migrations FROM PUBLIC`,
    )
    try {
      const tables = await readFrom(databaseUrl(lab, database.name, { user, password: 'p' }))

      expect(tables.gaps).toEqual([
        'row security hides rows of public.alembic_version from this role',
        'this role may not read public.schema_migrations',
      ])
      const folder = await readProjectFiles(join(FIXTURES, 'rails/project'))
      const report = detectMigrations({ folder, database: tables })
      expect(report.state).not.toBe('none')
      expect(report.why).toContain('this role may not read public.schema_migrations')
    } finally {
      await database.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`)
    }
  })

  it('does not wait for a migration that has its own table locked', async () => {
    await using database = await createDatabase(theLab(), fixture('rails/none-pending.sql'))
    await using holder = await openSession(parseConnectionUrl(database.url))
    await holder.rows('BEGIN')
    await holder.rows('LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE')

    const began = performance.now()
    await expect(readFrom(database.url)).rejects.toMatchObject({ code: 'DATABASE_LOCKED' })
    expect(performance.now() - began).toBeLessThan(7000)
  })

  it('leaves the session usable and without a transaction', async () => {
    await using database = await createDatabase(theLab())
    await using session = await openSession(parseConnectionUrl(database.url))

    await readMigrationTables(session)

    expect(await session.row('SELECT count(*)::text AS n FROM pg_class WHERE false')).toEqual({ n: '0' })
    expect(await session.row("SELECT current_setting('transaction_read_only') AS only")).toEqual({
      only: 'off',
    })
  })
})

/** The project of one tool against a database with one fixture in it; either may be missing. */
async function detect(folder: string | undefined, sql?: string): Promise<MigrationReport> {
  const empty = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  try {
    const root = folder === undefined ? empty : join(FIXTURES, folder, 'project')
    const file = sql === undefined ? undefined : folder === undefined ? sql : `${folder}/${sql}`
    return detectMigrations({
      folder: await readProjectFiles(root),
      database: await read(file === undefined ? '' : fixture(file)),
    })
  } finally {
    await rm(empty, { recursive: true })
  }
}

async function read(sql: string): Promise<MigrationTables> {
  await using database = await createDatabase(theLab(), sql)
  return await readFrom(database.url)
}

async function readFrom(url: string): Promise<MigrationTables> {
  await using session = await openSession(parseConnectionUrl(url))
  return await readMigrationTables(session)
}

function fixture(name: string): string {
  const sql = readFileSync(join(FIXTURES, name), 'utf8')
  const schema = /CREATE TABLE (\w+)\.(?<!public\.)/.exec(sql)?.[1]
  return schema === undefined ? sql : `CREATE SCHEMA IF NOT EXISTS ${schema};\n${sql}`
}
