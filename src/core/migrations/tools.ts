import { alembic } from './alembic.ts'
import { atlas } from './atlas.ts'
import { django } from './django.ts'
import { drizzle } from './drizzle.ts'
import { flyway } from './flyway.ts'
import { golangMigrate } from './golang-migrate.ts'
import { knex } from './knex.ts'
import { prisma } from './prisma.ts'
import { rails } from './rails.ts'
import type { MigrationTool } from './tool.ts'
import { typeorm } from './typeorm.ts'

/** Every migration tool whose conventions are known: docs/migrations.md. */
export const TOOLS: readonly MigrationTool[] = [
  rails,
  prisma,
  drizzle,
  knex,
  typeorm,
  django,
  alembic,
  flyway,
  golangMigrate,
  atlas,
]

/** Where other tools keep what they have applied: there is a table of theirs, so they may run in a deploy as well. */
export const OTHER_TOOLS: ReadonlyMap<string, string> = new Map([
  ['databasechangelog', 'Liquibase'],
  ['goose_db_version', 'goose'],
  ['SequelizeMeta', 'Sequelize'],
  ['_sqlx_migrations', 'sqlx'],
  ['__diesel_schema_migrations', 'Diesel'],
  ['seaql_migrations', 'SeaORM'],
  ['refinery_schema_history', 'refinery'],
  ['__EFMigrationsHistory', 'Entity Framework'],
  ['doctrine_migration_versions', 'Doctrine'],
  ['phinxlog', 'Phinx'],
  ['pgmigrations', 'node-pg-migrate'],
  ['mikro_orm_migrations', 'MikroORM'],
  ['kysely_migration', 'Kysely'],
  ['_yoyo_migration', 'yoyo'],
])
