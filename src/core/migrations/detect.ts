import { renderSome } from '../text/counts.ts'
import {
  describePair,
  neverRun,
  type TablePair,
  unreadable,
  withoutFolder,
  withoutTable,
} from './describe-finding.ts'
import { type MigrationFinding, mergeFindings } from './finding.ts'
import { foreignFiles } from './foreign-tools.ts'
import type { MigrationReport, MigrationTable, MigrationTables, ProjectFiles } from './migration-report.ts'
import { recogniseTable } from './recognise-table.ts'
import type { MigrationTool, ReadProject } from './tool.ts'
import { TOOLS } from './tools.ts'

interface MigrationSides {
  readonly folder: ProjectFiles
  readonly database: MigrationTables
}

/**
 * Compares the migrations of a project with those that its database has recorded, for every tool that left a
 * trace in either. Several tools: all are compared, and anything pending counts, because each may run in the
 * deploy.
 * - No table: nothing was ever applied, so everything is pending.
 * - A table, but no folder of its tool: unknown, because the migrations are elsewhere.
 * - A table that only looks like one of a migration tool: unknown.
 * - No trace of any tool: unknown.
 * - Something could not be read whole: never `none`.
 */
export function detectMigrations(sides: MigrationSides): MigrationReport {
  const { folder, database } = sides
  const recognised = database.tables.map(table => ({ table, as: recogniseTable(table) }))
  const readTools = TOOLS.map(tool => readTool(tool, recognised, folder))
  const findings = [
    ...readTools.flatMap(read => inspect(read, readTools, sides)),
    ...inspectForeign(recognised, folder),
  ]
  if (findings.length === 0) return unrecognised(folder, database)
  const report = mergeFindings(findings)
  const gaps = [...folder.gaps, ...database.gaps]
  if (gaps.length === 0) return report
  return {
    ...report,
    state: report.state === 'none' ? 'unknown' : report.state,
    why: `${report.why} But not everything could be read: ${renderSome(gaps, 5)}.`,
  }
}

/** A tool with its tables and its folders. */
interface ToolTraces {
  readonly tool: MigrationTool
  readonly tables: readonly MigrationTable[]
  readonly projects: readonly ReadProject[] | RangeError
}

/** Each table with what it is, found out once for all tools. */
type RecognisedTables = ReadonlyArray<{
  readonly table: MigrationTable
  readonly as: ReturnType<typeof recogniseTable>
}>

function readTool(tool: MigrationTool, recognised: RecognisedTables, folder: ProjectFiles): ToolTraces {
  const tables = recognised.flatMap(({ table, as }) =>
    as?.kind === 'known' && as.tools.includes(tool) ? [table] : [],
  )
  try {
    return { tool, tables, projects: tool.read(folder, tables.length > 0) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { tool, tables, projects: error }
  }
}

function inspect(
  { tool, tables, projects }: ToolTraces,
  all: readonly ToolTraces[],
  { folder, database }: MigrationSides,
): readonly MigrationFinding[] {
  if (projects instanceof RangeError) return [unreadable(tool, projects)]
  if (projects.length === 0)
    return tables.flatMap(table => (ownerOf(table, all) === tool ? [withoutFolder(tool, table, folder)] : []))
  if (tables.length === 0)
    return agreed(
      tool,
      projects.map(project => withoutTable(tool, project, database)),
    )
  return compareTables(tool, tables, projects)
}

/** Rails and dbmate write the same table: it is of the one that has files. */
function ownerOf(table: MigrationTable, all: readonly ToolTraces[]): MigrationTool | undefined {
  const owners = all.filter(({ tables }) => tables.includes(table))
  return (owners.find(hasFiles) ?? owners[0])?.tool
}

function hasFiles({ projects }: ToolTraces): boolean {
  return !(projects instanceof RangeError) && projects.length > 0
}

/**
 * One table is compared with every folder. Of several lines of one tool, each table is compared with the
 * folders of which it lists something; a folder of which no table lists anything never ran.
 */
function compareTables(
  tool: MigrationTool,
  tables: readonly MigrationTable[],
  projects: readonly ReadProject[],
): readonly MigrationFinding[] {
  const pairs = tables.flatMap(table =>
    projects.map(project => ({ table, project, comparison: project.compare(table.rows) })),
  )
  const fitting = pairs.filter(({ comparison }) => comparison.known > comparison.pending.length)
  const isOneLine = tables.length === 1 || projects.length === 1
  const compared = tables.flatMap(table => {
    const isOfTable = (pair: TablePair) => pair.table === table
    const fits = isOneLine ? [] : fitting.filter(isOfTable)
    const chosen = fits.length > 0 ? fits : pairs.filter(isOfTable)
    return agreed(
      tool,
      chosen.map(pair => describePair(tool, pair)),
    )
  })
  if (isOneLine || fitting.length === 0) return compared
  const idle = projects.filter(project => !fitting.some(pair => pair.project === project))
  return [...compared, ...idle.map(project => neverRun(tool, project))]
}

/** A tool uses one of the folders, but which one is not known. Where they differ, so is the answer. */
function agreed(tool: MigrationTool, findings: readonly MigrationFinding[]): readonly MigrationFinding[] {
  if (new Set(findings.map(({ state }) => state)).size <= 1) return findings
  const reason = `Migrations of ${tool.name} are in ${findings.length} folders, and they do not agree. Set project to the folder that is deployed.`
  return findings.map((finding, i) => ({
    ...finding,
    state: 'unknown' as const,
    why: tables => (i === 0 ? `${reason} ${finding.why(tables)}` : finding.why(tables)),
  }))
}

/** Tables and files of tools that are not compared here: they may run in the same deploy. */
function inspectForeign(recognised: RecognisedTables, folder: ProjectFiles): readonly MigrationFinding[] {
  const settle = 'Set migrations to a command that lists what is pending.'
  const tables = recognised.flatMap(({ table, as }): MigrationFinding[] => {
    if (as?.kind !== 'foreign') return []
    const { tool } = as
    const what =
      tool === undefined
        ? 'looks like a table of a migration tool that is not known here'
        : `is of ${tool}, whose migrations are not compared here`
    return [
      {
        tool,
        table: `${table.schema}.${table.name}`,
        source: names => `table ${names}`,
        pending: [],
        state: 'unknown',
        why: names => `${names} ${what}. ${settle}`,
      },
    ]
  })
  const seen = new Set(tables.map(({ tool }) => tool))
  const files = foreignFiles(folder).filter(({ tool }) => !seen.has(tool))
  return [
    ...tables,
    ...files.map(
      ({ tool, path }): MigrationFinding => ({
        tool,
        table: undefined,
        source: () => path,
        pending: [],
        state: 'unknown',
        why: () => `${path} is of ${tool}, whose migrations are not compared here. ${settle}`,
      }),
    ),
  ]
}

function unrecognised(folder: ProjectFiles, database: MigrationTables): MigrationReport {
  const gaps = [...folder.gaps, ...database.gaps]
  const unread = gaps.length === 0 ? '' : ` Not everything could be read: ${renderSome(gaps, 5)}.`
  const known = TOOLS.map(({ name }) => name).join(', ')
  return {
    tool: undefined,
    source: `${folder.root} and the tables of ${database.database}`,
    pending: [],
    state: 'unknown',
    why: `Neither ${folder.root} nor ${database.database} shows a migration tool that is known (${known}). Check out the project before this step, or set migrations to a command that lists what is pending.${unread}`,
  }
}
