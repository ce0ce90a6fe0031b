import { errorMessage } from '../errors.ts'
import { renderAmount, renderSome } from '../text/counts.ts'
import type {
  MigrationReport,
  MigrationState,
  MigrationTable,
  MigrationTables,
  ProjectFiles,
} from './migration-report.ts'
import type { Comparison, MigrationTool, ReadProject } from './tool.ts'
import { TOOLS } from './tools.ts'

export interface MigrationSides {
  readonly folder: ProjectFiles
  readonly database: MigrationTables
}

/**
 * Compares the migrations of a project with those that its database has recorded, for every tool that left a trace in
 * either. Several tools: all are looked at, and anything pending counts, because each may run in the deploy.
 * - No table: nothing was ever applied, so everything is pending.
 * - A table, but no folder where the tool's are looked for: unknown, because the migrations are somewhere else.
 * - No trace of any tool: unknown.
 * - Something could not be read whole: never `none`.
 */
export function detectMigrations({ folder, database }: MigrationSides): MigrationReport {
  const findings = TOOLS.flatMap(tool => inspect(tool, folder, database))
  if (findings.length === 0) return unrecognised(folder, database)
  const report = merge(findings)
  const gaps = [...folder.gaps, ...database.gaps]
  if (gaps.length === 0) return report
  return {
    ...report,
    state: report.state === 'none' ? 'unknown' : report.state,
    why: `${report.why} But not everything could be read: ${renderSome(gaps, 5)}.`,
  }
}

interface Finding extends Omit<MigrationReport, 'tool'> {
  readonly tool: string
}

function inspect(tool: MigrationTool, folder: ProjectFiles, database: MigrationTables): readonly Finding[] {
  const tables = database.tables.filter(({ name, columns }) => name === tool.table && tool.owns(columns))
  let projects: readonly ReadProject[]
  try {
    projects = tool.read(folder, tables.length > 0)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return [unreadable(tool, error)]
  }
  if (projects.length === 0) return tables.map(table => withoutFolder(tool, table, folder))
  if (tables.length === 0)
    return agreed(
      tool,
      projects.map(project => withoutTable(tool, project, database)),
    )
  return tables.flatMap(table =>
    agreed(
      tool,
      projects.map(project => compared(tool, project, table)),
    ),
  )
}

/** A tool uses one of the folders, and which one nobody can tell: where they lead to different answers, there is none. */
function agreed(tool: MigrationTool, findings: readonly Finding[]): readonly Finding[] {
  if (new Set(findings.map(({ state }) => state)).size <= 1) return findings
  const why = `Migrations of ${tool.name} lie in ${findings.length} folders, and they do not agree.`
  return findings.map((finding, i) => ({
    ...finding,
    state: 'unknown' as const,
    why: i === 0 ? `${why} ${finding.why}` : finding.why,
  }))
}

function compared(tool: MigrationTool, project: ReadProject, table: MigrationTable): Finding {
  const comparison = project.compare(table.rows)
  const name = `${table.schema}.${table.name}`
  const { known, pending } = comparison
  const count =
    pending.length === 0
      ? `${known === 1 ? 'The one migration' : `All ${known} migrations`} in ${project.folder} ${known === 1 ? 'is' : 'are'} in ${name}.`
      : `${pending.length} of ${renderAmount(known, 'migration')} in ${project.folder} ${pending.length === 1 ? 'is' : 'are'} not in ${name}.`
  return {
    tool: tool.name,
    source: `${project.folder} and table ${name}`,
    pending,
    state: stateOf(comparison),
    why: sentences(comparison.doubt === undefined ? count : undefined, comparison.doubt, comparison.note),
  }
}

function withoutTable(tool: MigrationTool, project: ReadProject, database: MigrationTables): Finding {
  const comparison = project.compare([])
  return {
    tool: tool.name,
    source: `${project.folder}; there is no table ${tool.table}`,
    pending: comparison.pending,
    state: stateOf(comparison),
    why: sentences(
      `${database.database} has no table ${tool.table}, so nothing in ${project.folder} counts as applied.`,
      comparison.doubt,
      comparison.note,
    ),
  }
}

function withoutFolder(tool: MigrationTool, table: MigrationTable, folder: ProjectFiles): Finding {
  const name = `${table.schema}.${table.name}`
  const folders = tool.places.map(place => place.folder).filter(name => name !== '')
  const places = folders.length === 0 ? ['*/migrations'] : [...new Set(folders)]
  return {
    tool: tool.name,
    source: `table ${name}; there is no folder`,
    pending: [],
    state: 'unknown',
    why: `${name} lists ${renderAmount(table.rows.length, 'migration')} of ${tool.name}, but ${folder.root} has none in ${renderSome(places, 4)}. Check out the project before this step, or give migrations a command that tells.`,
  }
}

function unreadable(tool: MigrationTool, error: RangeError): Finding {
  return {
    tool: tool.name,
    source: 'a folder that cannot be read',
    pending: [],
    state: 'unknown',
    why: `The migrations of ${tool.name} cannot be read: ${errorMessage(error)}.`,
  }
}

function unrecognised(folder: ProjectFiles, database: MigrationTables): MigrationReport {
  const gaps = [...folder.gaps, ...database.gaps]
  const unread = gaps.length === 0 ? '' : ` Not everything could be read: ${renderSome(gaps, 5)}.`
  return {
    tool: undefined,
    source: `${folder.root} and the tables of ${database.database}`,
    pending: [],
    state: 'unknown',
    why: `Neither ${folder.root} nor ${database.database} shows a migration tool that is known (${TOOLS.map(({ name }) => name).join(', ')}). Check out the project before this step, or give migrations a command that tells.${unread}`,
  }
}

/** Doubt wins over a list: a tool that would stop has no list to rely on. */
function stateOf({ doubt, pending }: Comparison): MigrationState {
  if (doubt !== undefined) return 'unknown'
  return pending.length > 0 ? 'pending' : 'none'
}

function merge(findings: readonly Finding[]): MigrationReport {
  const [first, ...others] = findings
  if (first !== undefined && others.length === 0) return first
  const tools = [...new Set(findings.map(({ tool }) => tool))]
  const states = findings.map(({ state }) => state)
  const isOne = tools.length === 1
  const pending = findings.flatMap(({ tool, pending }) =>
    isOne ? pending : pending.map(name => `${tool}: ${name}`),
  )
  return {
    tool: tools.join(' and '),
    source: findings.map(({ source }) => source).join('; '),
    pending: [...new Set(pending)],
    state: states.includes('pending') ? 'pending' : states.includes('unknown') ? 'unknown' : 'none',
    why: findings.map(({ tool, why }) => (isOne ? why : `${tool}: ${why}`)).join(' '),
  }
}

function sentences(...parts: ReadonlyArray<string | undefined>): string {
  return parts.filter(part => part !== undefined).join(' ')
}
