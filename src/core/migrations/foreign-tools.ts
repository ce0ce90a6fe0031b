import type { ProjectFiles } from './migration-report.ts'
import { filesIn } from './project-file.ts'
import { anywhere, type MigrationLocation } from './tool.ts'

/** Tools that are not compared here, by the schema and name of their tables. */
const TABLES: ReadonlyArray<readonly [name: RegExp, tool: string, column?: string]> = [
  [/\.databasechangelog$/i, 'Liquibase'],
  [/\.seaql_migrations$/, 'SeaORM'],
  [/\.refinery_schema_history$/, 'refinery'],
  [/\._yoyo_|\.yoyo_/, 'yoyo'],
  [/^graphile_migrate\./, 'graphile-migrate'],
  [/^graphile_worker\./, 'Graphile Worker'],
  [/^pgroll\./, 'pgroll'],
  [/\.(changes|events|projects|tags|releases)$/, 'Sqitch', 'script_hash'],
  [/\.schema_(info|migrations)$/, 'Sequel', 'filename'],
  [/\.schema_info$/, 'Sequel'],
  [/^hdb_catalog\./, 'Hasura'],
  [/\.play_evolutions$/, 'Play'],
  [/\.schemaversions$/i, 'DbUp'],
  [/\.VersionInfo$/i, 'FluentMigrator'],
  [/\.river_migration$/, 'River'],
  [/\.version$/, 'pg-boss', 'cron_on'],
  [/\.aerich$/, 'Aerich'],
  [/\.gorp_migrations$/, 'sql-migrate'],
]

/** Files by which the same tools show, before their first run too. */
const FILES: ReadonlyArray<readonly [file: RegExp, tool: string]> = [
  [/(^|\/)sqitch\.plan$/, 'Sqitch'],
  [/(^|\/)(liquibase\.properties|db[./]changelog[^/]*\.(xml|ya?ml|json|sql))$/, 'Liquibase'],
  [/(^|\/)\.gmrc(\.c?js)?$/, 'graphile-migrate'],
  [/(^|\/)yoyo\.ini$/, 'yoyo'],
  [/(^|\/)m\d{8}_\d{6}_\w+\.rs$/, 'SeaORM'],
  [/(^|\/)conf\/evolutions\/\w+\/\d+\.sql$/, 'Play'],
]

export const FOREIGN_LOCATIONS: readonly MigrationLocation[] = FILES.map(([file]) => anywhere(file, false))

export function foreignToolOf(table: {
  readonly schema: string
  readonly name: string
  readonly columns: ReadonlyMap<string, string>
}): string | undefined {
  const name = `${table.schema}.${table.name}`
  return TABLES.find(
    ([pattern, , column]) => pattern.test(name) && (column === undefined || table.columns.has(column)),
  )?.[1]
}

/** Files of tools that are not compared here, one for each tool. */
export function foreignFiles(
  files: ProjectFiles,
): ReadonlyArray<{ readonly tool: string; readonly path: string }> {
  const paths = filesIn(files, '').map(({ path }) => path)
  return FILES.flatMap(([pattern, tool]) => {
    const path = paths.find(candidate => pattern.test(candidate))
    return path === undefined ? [] : [{ tool, path }]
  })
}
