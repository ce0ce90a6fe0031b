import type { MigrationRow, ProjectFiles } from './migration-report.ts'

/** Where a tool keeps files in a project. */
export interface MigrationLocation {
  /** Below the root of the project; the empty text is the root itself. */
  readonly folder: string
  /** Matched against the path below the folder. */
  readonly file: RegExp
  /** How many folders deep files may lie: 0 for the folder itself, WHOLE without a limit. */
  readonly depth: number
  /** Whether the text matters, or only the name. */
  readonly isRead: boolean
  /** Searched only where the root or a folder in it has a file of this name. */
  readonly marker?: string
  /** Searches the whole project for a copy or a second line. Skips tests, examples and build output. */
  readonly isSearch?: true
}

/** A depth: everything below a folder. */
export const WHOLE = Number.POSITIVE_INFINITY

/** Searches the whole project for files of a tool, outside its usual folders too. */
export function anywhere(file: RegExp, isRead: boolean): MigrationLocation {
  return { folder: '', file, depth: WHOLE, isRead, isSearch: true }
}

/** What a tool would do, judged by the project's files and the table's rows. */
export interface Comparison {
  /** How many migrations the project has. */
  readonly known: number
  readonly pending: readonly string[]
  /** Why the answer is unknown: one sentence, with what to do about it. */
  readonly doubt?: string | undefined
  /** What else an operator should know: one sentence. */
  readonly note?: string | undefined
}

type Columns = ReadonlyMap<string, string>

/** What a tool's own code knows about it. `Project` is what it makes of the project's files. */
interface ToolDefinition<Project> {
  readonly name: string
  readonly locations: readonly MigrationLocation[]
  /** Its table, in any schema: the default name. */
  readonly table: string
  /** Whether a table has this tool's columns, by name and type: tools share table names. */
  owns(columns: Columns): boolean
  /**
   * Names under which a table with these columns is a second line of this tool, as with `version_table`
   * of Alembic. Undefined where the tool has one table only.
   */
  readonly otherTables?: RegExp
  /** The columns that `compare` needs; others may hold messages or data and are not read. */
  readonly columns: readonly string[]
  /**
   * The migrations of each folder that the tool may use; empty where the project has none. `hasTable`:
   * the database shows that the tool is in use. Throws a RangeError where a file cannot be read.
   */
  readProject(project: ProjectFiles, hasTable: boolean): ReadonlyArray<FolderProject<Project>>
  /** Without a table there are no rows. */
  compare(project: Project, rows: readonly MigrationRow[]): Comparison
}

interface FolderProject<Project> {
  readonly folder: string
  readonly project: Project
}

/** A tool whose type of project is hidden. */
export interface MigrationTool
  extends Pick<ToolDefinition<unknown>, 'name' | 'locations' | 'table' | 'otherTables' | 'columns' | 'owns'> {
  /** Empty where the project has no migrations of this tool. */
  read(project: ProjectFiles, hasTable: boolean): readonly ReadProject[]
}

export interface ReadProject {
  readonly folder: string
  compare(rows: readonly MigrationRow[]): Comparison
}

export function defineTool<Project>(definition: ToolDefinition<Project>): MigrationTool {
  const { name, locations, table, otherTables, columns } = definition
  return {
    name,
    locations,
    table,
    ...(otherTables !== undefined && { otherTables }),
    columns,
    owns: found => definition.owns(found),
    read: (files, hasTable) =>
      definition.readProject(files, hasTable).map(({ folder, project }) => ({
        folder,
        compare: rows => definition.compare(project, rows),
      })),
  }
}
