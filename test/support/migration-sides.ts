import { detectMigrations } from '../../src/core/migrations/detect.ts'
import type {
  MigrationReport,
  MigrationRow,
  MigrationTable,
} from '../../src/core/migrations/migration-report.ts'

type Files = Readonly<Record<string, string>>

/** Detects with files of a project by path, and tables. */
export function detect(
  files: Files,
  tables: readonly MigrationTable[],
  gaps: readonly string[] = [],
): MigrationReport {
  return detectMigrations({
    folder: { root: '/project', files: new Map(Object.entries(files)), gaps },
    database: { database: 'database logi', tables, gaps: [] },
  })
}

/** A table with columns of some types; those of the rows are text. */
export function table(
  name: string,
  rows: readonly MigrationRow[],
  columns: Readonly<Record<string, string>> = {},
): MigrationTable {
  const [schema = '', plain = ''] = name.includes('.') ? name.split('.') : ['public', name]
  const text = Object.fromEntries(rows.flatMap(row => Object.keys(row).map(key => [key, 'text'])))
  return { schema, name: plain, columns: new Map(Object.entries({ ...text, ...columns })), rows }
}
