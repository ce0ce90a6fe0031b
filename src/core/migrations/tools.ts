import { alembic } from './alembic.ts'
import { atlas } from './atlas.ts'
import { django } from './django.ts'
import { drizzle } from './drizzle.ts'
import { flyway } from './flyway.ts'
import { golangMigrate } from './golang-migrate.ts'
import { knex } from './knex.ts'
import { LISTED_TOOLS } from './listed-tools.ts'
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
  ...LISTED_TOOLS,
]
