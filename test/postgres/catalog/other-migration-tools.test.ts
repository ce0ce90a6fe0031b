import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readProjectFiles } from '../../../src/actions/pre-migration-snapshot/project-files.ts'
import { detectMigrations } from '../../../src/core/migrations/detect.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { readMigrationTables } from '../../../src/postgres/catalog/migration-tables.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const RAILS = join(import.meta.dirname, '../../fixtures/migrations/rails')

/** Tables as their tools document them, next to a project of Rails that is complete. */
const OTHER_TABLES: ReadonlyArray<readonly [tool: string, sql: string]> = [
  [
    'Ecto',
    'CREATE SCHEMA ecto; CREATE TABLE ecto.schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0))',
  ],
  ['Laravel', 'CREATE TABLE migrations (id serial PRIMARY KEY, migration varchar(255), batch int)'],
  [
    'Supabase',
    'CREATE SCHEMA supabase_migrations; CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text)',
  ],
  ['Sequel', 'CREATE SCHEMA s; CREATE TABLE s.schema_migrations (filename text PRIMARY KEY)'],
  ['Sequel', 'CREATE TABLE schema_info (version int DEFAULT 0)'],
  [
    'Sqitch',
    'CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes (change_id text, script_hash text, change text, project text)',
  ],
  [
    'graphile-migrate',
    'CREATE SCHEMA graphile_migrate; CREATE TABLE graphile_migrate.migrations (hash text, previous_hash text, filename text, date timestamptz)',
  ],
  [
    'Graphile Worker',
    'CREATE SCHEMA graphile_worker; CREATE TABLE graphile_worker.migrations (id int PRIMARY KEY, ts timestamptz, breaking bool)',
  ],
  [
    'pgroll',
    'CREATE SCHEMA pgroll; CREATE TABLE pgroll.migrations (schema name, name text, migration jsonb, done bool)',
  ],
  [
    'Liquibase',
    'CREATE TABLE databasechangelog (id varchar(255), author varchar(255), filename varchar(255), orderexecuted int)',
  ],
  [
    'goose',
    'CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied boolean, tstamp timestamp)',
  ],
  ['node-pg-migrate', 'CREATE TABLE pgmigrations (id serial, name varchar(255), run_on timestamp)'],
  ['Sequelize', 'CREATE TABLE "SequelizeMeta" (name varchar(255) PRIMARY KEY)'],
  ['Diesel', 'CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp)'],
  [
    'sqlx',
    'CREATE TABLE _sqlx_migrations (version bigint, description text, installed_on timestamptz, success boolean, checksum bytea, execution_time bigint)',
  ],
  [
    'refinery',
    'CREATE TABLE refinery_schema_history (version int PRIMARY KEY, name varchar(255), applied_on varchar(255), checksum varchar(255))',
  ],
  [
    'Entity Framework',
    'CREATE TABLE "__EFMigrationsHistory" ("MigrationId" varchar(150), "ProductVersion" varchar(32))',
  ],
  ['MikroORM', 'CREATE TABLE mikro_orm_migrations (id serial, name varchar(255), executed_at timestamptz)'],
  [
    'Phinx',
    'CREATE TABLE phinxlog (version bigint, migration_name varchar(100), start_time timestamp, end_time timestamp, breakpoint boolean)',
  ],
  [
    'Doctrine',
    'CREATE TABLE doctrine_migration_versions (version varchar(191), executed_at timestamp, execution_time int)',
  ],
  [
    'yoyo',
    'CREATE TABLE _yoyo_migration (migration_hash varchar(64), migration_id varchar(255), applied_at_utc timestamp)',
  ],
  ['Kysely', 'CREATE TABLE kysely_migration (name varchar(255), timestamp varchar(255))'],
  ['SeaORM', 'CREATE TABLE seaql_migrations (version varchar, applied_at bigint)'],
  [
    'Hasura',
    'CREATE SCHEMA hdb_catalog; CREATE TABLE hdb_catalog.schema_migrations (version bigint, dirty boolean, x int)',
  ],
  [
    'pg-boss',
    'CREATE SCHEMA pgboss; CREATE TABLE pgboss.version (version int, maintained_on timestamptz, cron_on timestamptz)',
  ],
  ['a tool that is not known', 'CREATE TABLE goose_db_version (id int)'],
  ['a tool that is not known', 'CREATE TABLE schema_version (version int)'],
  ['a tool that is not known', 'CREATE TABLE our_changelog (id int)'],
  ['a tool that is not known', 'CREATE TABLE "MigrationsApplied" (name text)'],
]

test.each(OTHER_TABLES)('the gate is unknown where %s has run too', async (tool, sql) => {
  const complete = readFileSync(join(RAILS, 'none-pending.sql'), 'utf8')
  await using database = await createDatabase(theLab(), `${complete}; ${sql}`)
  await using session = await openSession(parseConnectionUrl(database.url))
  const report = detectMigrations({
    folder: await readProjectFiles(join(RAILS, 'project')),
    database: await readMigrationTables(session),
  })

  expect(report.state).toBe('unknown')
  expect(report.why).toContain(tool === 'a tool that is not known' ? 'not known here' : tool)
  expect(report.why).toMatch(/[Ss]et migrations to a command/)
})
