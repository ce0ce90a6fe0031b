import { defineListedTool, type ListedTool } from './listed-tool.ts'
import type { MigrationRow } from './migration-report.ts'
import { withoutExtension } from './project-file.ts'
import type { MigrationTool } from './tool.ts'

const byVersion = (row: MigrationRow) => row.version ?? ''
const byName = (row: MigrationRow) => row.name ?? ''
const byId = (row: MigrationRow) => row.id
const withoutZeros = (id: string) => id.replace(/^0+(?=\d)/, '')

/** Ruby's tools for changes of data, which run in the same deploy as the migrations of the schema. */
const RUBY: readonly ListedTool[] = [
  // https://github.com/ilyakatz/data-migrate
  {
    name: 'data_migrate',
    table: 'data_migrations',
    has: ['version'],
    hasNot: ['id'],
    columns: ['version'],
    file: /^((?:.*\/)?db\/data\/)(\d+)_\w+\.rb$/,
    text: /^(?![\s\S]*\bSeedMigration\b)/,
    rowId: byVersion,
    order: byVersion,
    normal: withoutZeros,
  },
  // https://github.com/harrystech/seed_migration
  {
    name: 'seed_migration',
    table: 'seed_migration_data_migrations',
    has: ['version', 'migrated_on'],
    columns: ['id', 'version'],
    file: /^((?:.*\/)?db\/data\/)(\d+)_\w+\.rb$/,
    text: /\bSeedMigration\b/,
    rowId: byVersion,
    order: byId,
    normal: withoutZeros,
  },
  // https://github.com/theSteveMitchell/after_party
  {
    name: 'after_party',
    table: 'task_records',
    has: ['id', 'version'],
    columns: ['id', 'version'],
    file: /^((?:.*\/)?lib\/tasks\/deployment\/)(\d+)_\w+\.rake$/,
    rowId: byVersion,
    order: byId,
    normal: withoutZeros,
  },
]

const PHP: readonly ListedTool[] = [
  // https://laravel.com/docs/migrations
  {
    name: 'Laravel',
    table: 'migrations',
    has: ['migration', 'batch'],
    otherTables: /migrat/i,
    columns: ['id', 'migration'],
    file: /^((?:.*\/)?migrations\/)(?:.+\/)?(\d{4}_\d\d_\d\d_\d{6}_\w+)\.php$/,
    rowId: ({ migration }) => migration ?? '',
    order: byId,
  },
  // https://www.doctrine-project.org/projects/migrations.html
  {
    name: 'Doctrine',
    table: 'doctrine_migration_versions',
    has: ['version', 'executed_at', 'execution_time'],
    otherTables: /./,
    columns: ['version', 'executed_at'],
    file: /^((?:.*\/)?[mM]igrations\/)(?:.+\/)?(Version\w+)\.php$/,
    rowId: ({ version }) => (version ?? '').replace(/^.*\\/, ''),
    order: ({ executed_at }) => executed_at,
  },
  // https://book.cakephp.org/phinx, and CakePHP, whose plugins have a <plugin>_phinxlog of their own
  {
    name: 'Phinx',
    table: 'phinxlog',
    has: ['version', 'migration_name', 'end_time'],
    otherTables: /./,
    columns: ['version', 'end_time'],
    file: /^((?:.*\/)?[mM]igrations\/)(\d{14})_\w+\.php$/,
    rowId: byVersion,
    order: ({ end_time }) => end_time,
  },
]

const JAVASCRIPT: readonly ListedTool[] = [
  // https://sequelize.org/docs/v6/other-topics/migrations
  {
    name: 'Sequelize',
    table: 'SequelizeMeta',
    has: ['name'],
    columns: ['name'],
    file: /^((?:.*\/)?\w*[mM]igrations?\/)([^/]+(?<!\.d)\.[cm]?[jt]s)$/,
    text: /\bqueryInterface\b|\bQueryInterface\b/,
    rowId: byName,
    order: byName,
    normal: withoutExtension,
  },
  // https://salsita.github.io/node-pg-migrate
  {
    name: 'node-pg-migrate',
    table: 'pgmigrations',
    has: ['id', 'name', 'run_on'],
    otherTables: /./,
    columns: ['id', 'name'],
    file: /^(?!.*\.d\.[cm]?ts$)((?:.*\/)?\w*[mM]igrations?\/)(\d+[-_][^/]+\.(?:[cm]?[jt]s|sql))$/,
    text: /\bpgm\b|node-pg-migrate|^--\s*up migration/im,
    rowId: byName,
    order: byId,
    normal: id => id.replace(/\.([cm]?[jt]s|sql)$/, ''),
  },
  // https://mikro-orm.io/docs/migrations
  {
    name: 'MikroORM',
    table: 'mikro_orm_migrations',
    has: ['id', 'name', 'executed_at'],
    columns: ['id', 'name'],
    file: /^((?:.*\/)?\w*[mM]igrations?\/)(Migration\d{14}\w*(?<!\.d)\.[cm]?[jt]s)$/,
    rowId: byName,
    order: byId,
    normal: id => id.replace(/\.[cm]?[jt]s$/, ''),
  },
  // https://kysely.dev/docs/migrations
  {
    name: 'Kysely',
    table: 'kysely_migration',
    has: ['name', 'timestamp'],
    columns: ['name', 'timestamp'],
    file: /^((?:.*\/)?\w*[mM]igrations?\/)([^/]+(?<!\.d)\.[cm]?[jt]s)$/,
    text: /\bKysely\b|\bkysely\b/,
    rowId: byName,
    order: ({ timestamp }) => timestamp,
    normal: id => id.replace(/\.[cm]?[jt]s$/, ''),
  },
]

const OTHER_LANGUAGES: readonly ListedTool[] = [
  // https://hexdocs.pm/ecto_sql/Ecto.Migration.html
  {
    name: 'Ecto',
    table: 'schema_migrations',
    has: ['version', 'inserted_at'],
    otherTables: /migrat/i,
    columns: ['version', 'inserted_at'],
    file: /^((?:.*\/)?priv\/\w+\/migrations\/)(?:.+\/)?(\d+)_\w+\.exs$/,
    rowId: byVersion,
    order: ({ inserted_at }) => inserted_at,
    normal: withoutZeros,
  },
  // https://diesel.rs; a version is the part before the first underscore, without dashes
  {
    name: 'Diesel',
    table: '__diesel_schema_migrations',
    has: ['version', 'run_on'],
    columns: ['version', 'run_on'],
    file: /^((?:.*\/)?migrations\/)([^/_]+)_[^/]+\/up\.sql$/,
    rowId: byVersion,
    order: ({ run_on }) => run_on,
    normal: id => id.replaceAll('-', ''),
  },
  // https://docs.rs/sqlx/latest/sqlx/migrate
  {
    name: 'sqlx',
    table: '_sqlx_migrations',
    has: ['version', 'installed_on', 'success'],
    columns: ['version', 'installed_on', 'success'],
    file: /^((?:.*\/)?migrations\/)(\d+)_[^/]*?(?<!\.down)\.sql$/,
    needsTable: true,
    rowId: byVersion,
    order: ({ installed_on }) => installed_on,
    hasFailed: ({ success }) => success === 'false',
    normal: withoutZeros,
  },
  // https://learn.microsoft.com/ef/core/managing-schemas/migrations
  {
    name: 'Entity Framework',
    table: '__EFMigrationsHistory',
    has: ['MigrationId', 'ProductVersion'],
    otherTables: /./,
    columns: ['MigrationId'],
    file: /^((?:.*\/)?\w*Migrations\/)(?:.+\/)?(\d{14}_\w+)\.cs$/,
    rowId: ({ MigrationId }) => MigrationId ?? '',
    order: ({ MigrationId }) => MigrationId,
  },
  // https://pressly.github.io/goose; version 0 is the table's own, and an undone one has is_applied false
  {
    name: 'goose',
    table: 'goose_db_version',
    has: ['version_id', 'is_applied'],
    otherTables: /./,
    columns: ['id', 'version_id', 'is_applied'],
    file: /^((?:.*\/)?)(\d+)_[^/]+\.(?:sql|go)$/,
    text: /^--\s*\+goose\s+up\b|\bgoose\.Add(?:Named)?Migration/im,
    rowId: ({ version_id }) => version_id ?? '',
    order: byId,
    isApplied: ({ version_id, is_applied }) => version_id !== '0' && is_applied === 'true',
    normal: withoutZeros,
  },
  // https://github.com/amacneil/dbmate
  {
    name: 'dbmate',
    table: 'schema_migrations',
    has: ['version'],
    hasNot: ['dirty', 'inserted_at', 'statements', 'id', 'filename', 'name'],
    columns: ['version'],
    file: /^((?:.*\/)?migrations\/)(\d+)_[^/]*\.sql$/,
    text: /^--\s*migrate:up\b/im,
    rowId: byVersion,
    order: byVersion,
  },
  // https://supabase.com/docs/guides/deployment/database-migrations
  {
    name: 'Supabase',
    table: 'schema_migrations',
    has: ['version', 'statements', 'name'],
    columns: ['version'],
    file: /^((?:.*\/)?supabase\/migrations\/)(\d+)_[^/]*\.sql$/,
    rowId: byVersion,
    order: byVersion,
  },
]

export const LISTED_TOOLS: readonly MigrationTool[] = [
  ...RUBY,
  ...PHP,
  ...JAVASCRIPT,
  ...OTHER_LANGUAGES,
].map(defineListedTool)
