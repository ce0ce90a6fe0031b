import { renderSome } from '../text/counts.ts'
import type { MigrationRow } from './migration-report.ts'
import { describeMissingNewest } from './newest-row.ts'
import { foldersMatching } from './project-file.ts'
import { anywhere, defineTool, type MigrationTool } from './tool.ts'

/** A tool with one file for each migration and one row for each that was applied. */
export interface ListedTool {
  readonly name: string
  readonly table: string
  /** Columns that its table has, and those that show that it is another tool's. */
  readonly has: readonly string[]
  readonly hasNot?: readonly string[]
  readonly otherTables?: RegExp
  readonly columns: readonly string[]
  /** Against the whole path; the first group is the folder with its slash, the second one the id. */
  readonly file: RegExp
  /** What a file of this tool says; undefined where its path is enough. */
  readonly text?: RegExp
  /** The path is not enough, and the text says nothing: files count only where the table exists. */
  readonly needsTable?: true
  readonly rowId: (row: MigrationRow) => string
  /** When a row was recorded, as a number or a text that sorts. */
  readonly order: (row: MigrationRow) => string | null | undefined
  /** False for rows that record no applied migration. */
  readonly isApplied?: (row: MigrationRow) => boolean
  /** A row of a failure: the tool refuses to continue. */
  readonly hasFailed?: (row: MigrationRow) => boolean
  /** Makes an id of a file and of a row comparable. */
  readonly normal?: (id: string) => string
}

interface ListedProject {
  readonly files: ReadonlyArray<{ readonly id: string; readonly name: string }>
}

export function defineListedTool(tool: ListedTool): MigrationTool {
  const { normal = id => id, isApplied = () => true, hasFailed = () => false } = tool
  return defineTool<ListedProject>({
    name: tool.name,
    locations: [anywhere(tool.file, tool.text !== undefined)],
    table: tool.table,
    ...(tool.otherTables !== undefined && { otherTables: tool.otherTables }),
    columns: tool.columns,
    owns: columns =>
      tool.has.every(column => columns.has(column)) &&
      !(tool.hasNot ?? []).some(column => columns.has(column)),
    readProject(project, hasTable) {
      if (tool.needsTable && !hasTable) return []
      return foldersMatching(project, tool.file).flatMap(({ folder, items }) => {
        const files = items
          .filter(({ text }) => tool.text === undefined || tool.text.test(text))
          .map(({ path }) => ({
            id: normal(tool.file.exec(`${folder === '.' ? '' : `${folder}/`}${path}`)?.[2] ?? path),
            name: path,
          }))
        return files.length === 0 ? [] : [{ folder, project: { files } }]
      })
    },
    compare({ files }, rows) {
      const applied = rows.filter(isApplied).map(row => ({
        id: normal(tool.rowId(row)),
        order: tool.order(row),
      }))
      const recorded = new Set(applied.map(({ id }) => id))
      const known = new Set(files.map(({ id }) => id))
      const failed = rows.filter(hasFailed).map(tool.rowId)
      return {
        known: files.length,
        pending: files.filter(({ id }) => !recorded.has(id)).map(({ name }) => name),
        doubt:
          failed.length > 0
            ? `${renderSome(failed, 5)} failed before, so ${tool.name} refuses to continue.`
            : describeMissingNewest(applied, id => known.has(id)),
      }
    },
  })
}
