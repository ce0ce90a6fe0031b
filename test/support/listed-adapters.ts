import {
  type Adapter,
  byStamp,
  byVersion,
  byVersionOnly,
  listed,
  type ModelRow,
  newest,
  time,
  VERSION,
} from './migration-model.ts'

export const LISTED_ADAPTERS: readonly Adapter[] = [
  {
    ...listed('data_migrate', f => `db/data/${f.stamp}_${f.name}.rb`, 'data_migrations', VERSION, byVersion),
    ...byVersionOnly,
  },
  {
    ...listed(
      'after_party',
      f => `lib/tasks/deployment/${f.stamp}_${f.name}.rake`,
      'task_records',
      { id: 'bigint', version: 'text' },
      (r, i) => ({ id: String(i), version: r.stamp }),
    ),
    pending: byStamp,
    identify: byStamp,
  },
  {
    ...listed(
      'seed_migration',
      f => `db/data/${f.stamp}_${f.name}.rb`,
      'seed_migration_data_migrations',
      { id: 'bigint', version: 'text', migrated_on: 'timestamp' },
      (r, i) => ({ id: String(i), version: r.stamp }),
      'class A < SeedMigration::Migration',
    ),
    pending: byStamp,
    identify: byStamp,
  },
  listed(
    'Laravel',
    f => `database/migrations/${laravel(f)}.php`,
    'migrations',
    { id: 'integer', migration: 'text', batch: 'integer' },
    (r, i) => ({ id: String(i), migration: laravel(r) }),
  ),
  listed(
    'Doctrine',
    f => `migrations/Version${f.stamp}${f.name}.php`,
    'doctrine_migration_versions',
    { version: 'text', executed_at: 'timestamp', execution_time: 'integer' },
    (r, i) => ({ version: `DoctrineMigrations\\Version${r.stamp}${r.name}`, executed_at: time(i) }),
  ),
  {
    ...listed(
      'Phinx',
      f => `db/migrations/${f.stamp}_${f.name}.php`,
      'phinxlog',
      { version: 'bigint', migration_name: 'text', end_time: 'timestamp' },
      (r, i) => ({ version: r.stamp, end_time: time(i) }),
    ),
    pending: byStamp,
    identify: byStamp,
  },
  {
    ...listed(
      'Sequelize',
      f => `migrations/${f.stamp}-${f.name}.js`,
      'SequelizeMeta',
      { name: 'text' },
      r => ({ name: `${r.stamp}-${r.name}.js` }),
      'up(queryInterface) {}',
    ),
    newest,
  },
  listed(
    'node-pg-migrate',
    f => `migrations/${f.stamp}_${f.name}.js`,
    'pgmigrations',
    { id: 'integer', name: 'text', run_on: 'timestamp' },
    (r, i) => ({ id: String(i), name: `${r.stamp}_${r.name}` }),
    'exports.up = pgm => {}',
  ),
  listed(
    'MikroORM',
    f => `migrations/Migration${f.stamp}_${f.name}.ts`,
    'mikro_orm_migrations',
    { id: 'integer', name: 'text', executed_at: 'timestamptz' },
    (r, i) => ({ id: String(i), name: `Migration${r.stamp}_${r.name}` }),
  ),
  listed(
    'Kysely',
    f => `migrations/${f.stamp}_${f.name}.ts`,
    'kysely_migration',
    { name: 'text', timestamp: 'text' },
    (r, i) => ({ name: `${r.stamp}_${r.name}`, timestamp: time(i) }),
    "import { Kysely } from 'kysely'",
  ),
  {
    ...listed(
      'Ecto',
      f => `priv/repo/migrations/${f.stamp}_${f.name}.exs`,
      'schema_migrations',
      { version: 'bigint', inserted_at: 'timestamp' },
      (r, i) => ({ version: r.stamp, inserted_at: time(i) }),
    ),
    pending: byStamp,
    identify: byStamp,
  },
  {
    ...listed(
      'Diesel',
      f => `migrations/${f.stamp}_${f.name}/up.sql`,
      '__diesel_schema_migrations',
      { version: 'text', run_on: 'timestamp' },
      (r, i) => ({ version: r.stamp, run_on: time(i) }),
    ),
    pending: byStamp,
    identify: byStamp,
  },
  {
    ...listed(
      'sqlx',
      f => `migrations/${f.stamp}_${f.name}.sql`,
      '_sqlx_migrations',
      { version: 'bigint', installed_on: 'timestamptz', success: 'boolean' },
      (r, i) => ({ version: r.stamp, installed_on: time(i), success: 'true' }),
    ),
    pending: byStamp,
    identify: byStamp,
  },
  {
    ...listed(
      'Entity Framework',
      f => `Migrations/${f.stamp}_${f.name}.cs`,
      '__EFMigrationsHistory',
      { MigrationId: 'text', ProductVersion: 'text' },
      r => ({ MigrationId: `${r.stamp}_${r.name}` }),
    ),
    newest,
  },
  {
    ...listed(
      'goose',
      f => `migrations/${f.stamp}_${f.name}.sql`,
      'goose_db_version',
      { id: 'integer', version_id: 'bigint', is_applied: 'boolean' },
      (r, i) => ({ id: String(i), version_id: r.stamp, is_applied: 'true' }),
      '-- +goose Up',
    ),
    pending: byStamp,
    identify: byStamp,
  },
  {
    ...listed(
      'dbmate',
      f => `db/migrations/${f.stamp}_${f.name}.sql`,
      'schema_migrations',
      VERSION,
      byVersion,
      '-- migrate:up',
    ),
    ...byVersionOnly,
  },
  {
    ...listed(
      'Supabase',
      f => `supabase/migrations/${f.stamp}_${f.name}.sql`,
      'supabase_migrations.schema_migrations',
      { version: 'text', statements: 'text[]', name: 'text' },
      byVersion,
    ),
    ...byVersionOnly,
  },
]

/** `2026_01_02_030405_users` */
function laravel({ stamp, name }: ModelRow): string {
  return `${stamp.replace(/^(\d{4})(\d\d)(\d\d)/, '$1_$2_$3_')}_${name}`
}
