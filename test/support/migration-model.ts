import type { MigrationTable } from '../../src/core/migrations/migration-report.ts'
import { table } from './migration-sides.ts'

/** A migration of the model: `stamp` has 14 digits, and `parent` is the file that it was made on. */
export interface ModelFile {
  readonly stamp: string
  readonly name: string
  readonly parent: string | undefined
}

/** A row of the model, in the order in which they were recorded. */
export interface ModelRow {
  readonly stamp: string
  readonly name: string
}

/** How a tool writes the files and the table of the model. */
export interface Adapter {
  readonly tool: string
  readonly files: (all: readonly ModelFile[], root: string) => Readonly<Record<string, string>>
  readonly table: (rows: readonly ModelRow[]) => MigrationTable
  /** The row that the table shows as the newest; by default the one that was recorded last. */
  readonly newest?: (rows: readonly ModelRow[]) => ModelRow | undefined
  /** What the tool would run; by default what has no row of its name. */
  readonly pending?: FilesWithoutRows
  /** Files that no row is of; by default by stamp and name. */
  readonly identify?: FilesWithoutRows
}

type FilesWithoutRows = (files: readonly ModelFile[], rows: readonly ModelRow[]) => readonly ModelFile[]

type Columns = Readonly<Record<string, string>>
type Row = (row: ModelRow, index: number) => Record<string, string | null>

/** A tool with one file for each migration and one row for each that was applied. */
export function listed(
  tool: string,
  file: (file: ModelFile) => string,
  name: string,
  columns: Columns,
  row: Row,
  text = '',
): Adapter {
  return {
    tool,
    files: (all, root) => Object.fromEntries(all.map(one => [`${root}${file(one)}`, text])),
    table: rows => table(name, rows.map(row), columns),
  }
}

export const time = (i: number) => new Date(Date.UTC(2026, 5, 1) + i * 1000).toISOString()
export const VERSION = { version: 'character varying' }
export const byVersion: Row = ({ stamp }) => ({ version: stamp })
/** Of tools that know a migration by its number alone. */
export const byStamp = (files: readonly ModelFile[], rows: readonly ModelRow[]) =>
  files.filter(file => rows.every(row => row.stamp !== file.stamp))

/** A table with nothing but versions does not say when a row was recorded. */
export const newest = (rows: readonly ModelRow[]) =>
  rows.toSorted((a, b) => (`${a.stamp}_${a.name}` < `${b.stamp}_${b.name}` ? -1 : 1)).at(-1)
export const byVersionOnly = { pending: byStamp, identify: byStamp, newest }
