import { foreignToolOf } from './foreign-tools.ts'
import type { MigrationTool } from './tool.ts'
import { TOOLS } from './tools.ts'

interface TableShape {
  readonly schema: string
  readonly name: string
  /** Types by name. */
  readonly columns: ReadonlyMap<string, string>
}

type RecognisedTable =
  /** `tools` own a table of these columns: one of them wrote it. */
  | { readonly kind: 'known'; readonly tools: readonly MigrationTool[] }
  /** Of a tool that is not compared here; undefined where it only looks like a table of migrations. */
  | { readonly kind: 'foreign'; readonly tool: string | undefined }

/**
 * Names of tables that may list migrations, for both PostgreSQL and JavaScript. Wide on purpose: what is
 * found by it and is of no known tool keeps the answer from `none`.
 */
export const TELLING_NAME =
  'migrat|schema_?(version|info|history|revision)|versioninfo|change_?log|change_?sets?$|play_evolutions|scripts_?run|phinxlog|sequelizemeta|alembic|flyway|goose|aerich|sqitch|hdb_version|task_records|__ef|pgroll|gorp_|db_?version'

/** Columns that only tables of migrations have: such a table may have any name. */
export const TELLING_COLUMNS: readonly string[] = [
  'version_num',
  'installed_rank',
  'migration_time',
  'migration_name',
  'migration_id',
  'MigrationId',
  'orderexecuted',
  'version_id',
  'dirty',
  'script_hash',
  'execution_time',
  'applied_steps_count',
  'run_on',
  'cron_on',
]

/** Tables of locks hold no migrations: `knex_migrations_lock`, `databasechangeloglock`. */
const LOCK = /(_|change_?log)lock$/i

/** What a table is, by name and columns; undefined where it has nothing to do with migrations. */
export function recogniseTable(table: TableShape): RecognisedTable | undefined {
  const { name, columns } = table
  if (LOCK.test(name)) return undefined
  const owners = TOOLS.filter(tool => tool.owns(columns))
  const named = owners.filter(tool => tool.table === name)
  if (named.length > 0) return { kind: 'known', tools: named }
  const foreign = foreignToolOf(table)
  if (foreign !== undefined) return { kind: 'foreign', tool: foreign }
  const secondLine = owners.filter(tool => isSecondLine(tool, table))
  if (secondLine.length > 0) return { kind: 'known', tools: secondLine }
  const looksLike = new RegExp(TELLING_NAME, 'i').test(name) || TOOLS.some(tool => tool.table === name)
  return looksLike ? { kind: 'foreign', tool: undefined } : undefined
}

function isSecondLine({ otherTables }: MigrationTool, { name }: TableShape): boolean {
  return otherTables?.test(name) ?? false
}
