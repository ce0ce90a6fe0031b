import type { MigrationRow, ProjectFiles } from './migration-report.ts'

/** Where a tool keeps files in a project. */
export interface Place {
  /** Below the root of the project; the empty text is the root itself. */
  readonly folder: string
  /** Matched against the path below the folder. */
  readonly file: RegExp
  /** How many folders deep below it files may lie: 0 for files in the folder itself, WHOLE for as deep as it goes. */
  readonly depth: number
  /** Whether the text matters, or only the name. */
  readonly isRead: boolean
  /** Looked through only where a file of this name lies in the root or one folder below: a search that goes deep is dear. */
  readonly marker?: string
}

/** A depth: everything below a folder. What may be there and was not looked at would be a gap. */
export const WHOLE = Number.POSITIVE_INFINITY

/** What a tool would do, judged by the project's files and the table's rows. */
export interface Comparison {
  /** How many migrations the project has. */
  readonly known: number
  readonly pending: readonly string[]
  /** Why nobody can tell what the tool would do: one sentence, with what to do about it. */
  readonly doubt?: string | undefined
  /** What else an operator should know: one sentence. */
  readonly note?: string | undefined
}

/** What a tool's own code knows about it. `Project` is what it makes of the project's files. */
export interface ToolDefinition<Project> {
  readonly name: string
  readonly places: readonly Place[]
  /** The table it keeps, in whatever schema: its default name. */
  readonly table: string
  /** Whether a table of that name is this tool's, by its columns and their types: tools share names. */
  owns(columns: ReadonlyMap<string, string>): boolean
  /** The columns that `compare` looks at; others may hold messages or data and are not read. */
  readonly columns: readonly string[]
  /**
   * The migrations, for each folder that the tool may have been told to use; empty where the project has none. `hasTable`: the
   * database shows that the tool is in use. Throws a RangeError where it cannot be read.
   */
  readProject(project: ProjectFiles, hasTable: boolean): ReadonlyArray<Found<Project>>
  /** Without a table there are no rows. */
  compare(project: Project, rows: readonly MigrationRow[]): Comparison
}

export interface Found<Project> {
  readonly folder: string
  readonly project: Project
}

/** A tool whose kind of project nobody else needs to know. */
export interface MigrationTool
  extends Pick<ToolDefinition<unknown>, 'name' | 'places' | 'table' | 'columns' | 'owns'> {
  /** Empty where the project has no migrations of this tool. */
  read(project: ProjectFiles, hasTable: boolean): readonly ReadProject[]
}

export interface ReadProject {
  readonly folder: string
  compare(rows: readonly MigrationRow[]): Comparison
}

export function defineTool<Project>(definition: ToolDefinition<Project>): MigrationTool {
  return {
    name: definition.name,
    places: definition.places,
    table: definition.table,
    columns: definition.columns,
    owns: columns => definition.owns(columns),
    read: (files, hasTable) =>
      definition.readProject(files, hasTable).map(({ folder, project }) => ({
        folder,
        compare: rows => definition.compare(project, rows),
      })),
  }
}
