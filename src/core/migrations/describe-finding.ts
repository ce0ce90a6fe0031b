import { errorMessage } from '../errors.ts'
import { renderAmount, renderSome } from '../text/counts.ts'
import type { MigrationFinding } from './finding.ts'
import type { MigrationState, MigrationTable, MigrationTables, ProjectFiles } from './migration-report.ts'
import type { Comparison, MigrationTool, ReadProject } from './tool.ts'

/** One table compared with one folder. */
export interface TablePair {
  readonly table: MigrationTable
  readonly project: ReadProject
  readonly comparison: Comparison
}

export function describePair(
  tool: MigrationTool,
  { table, project, comparison }: TablePair,
): MigrationFinding {
  const { known, pending, doubt, note } = comparison
  const { folder } = project
  const are = (count: number) => (count === 1 ? 'is' : 'are')
  const count = (tables: string) =>
    pending.length === 0
      ? `${known === 1 ? 'The one migration' : `All ${known} migrations`} in ${folder} ${are(known)} in ${tables}.`
      : `${pending.length} of ${renderAmount(known, 'migration')} in ${folder} ${are(pending.length)} not in ${tables}.`
  return {
    tool: tool.name,
    table: `${table.schema}.${table.name}`,
    source: tables => `${folder} and table ${tables}`,
    pending,
    state: stateOf(comparison),
    why: tables =>
      doubt === undefined ? sentences(count(tables), note) : sentences(`${tables}: ${doubt}`, note),
  }
}

export function withoutTable(
  tool: MigrationTool,
  project: ReadProject,
  database: MigrationTables,
): MigrationFinding {
  const comparison = project.compare([])
  const { folder } = project
  return {
    tool: tool.name,
    table: undefined,
    source: () => `${folder}; there is no table ${tool.table}`,
    pending: comparison.pending,
    state: stateOf(comparison),
    why: () =>
      sentences(
        `${database.database} has no table ${tool.table}, so nothing in ${folder} counts as applied.`,
        comparison.doubt,
        comparison.note,
      ),
  }
}

export function neverRun(tool: MigrationTool, project: ReadProject): MigrationFinding {
  const { folder } = project
  return {
    tool: tool.name,
    table: undefined,
    source: () => `${folder}; no table lists any of it`,
    pending: project.compare([]).pending,
    state: 'unknown',
    why: () =>
      `No table lists a migration of ${folder}. If it belongs to another database, set project to the folder that is deployed.`,
  }
}

export function withoutFolder(
  tool: MigrationTool,
  table: MigrationTable,
  { root }: ProjectFiles,
): MigrationFinding {
  const folders = tool.locations.map(location => location.folder).filter(name => name !== '')
  const where = folders.length === 0 ? 'any folder' : renderSome([...new Set(folders)], 4)
  const count = renderAmount(table.rows.length, 'migration')
  return {
    tool: tool.name,
    table: `${table.schema}.${table.name}`,
    source: tables => `table ${tables}; there is no folder`,
    pending: [],
    state: 'unknown',
    why: tables =>
      `${tables} lists ${count} of ${tool.name}, but ${root} has none in ${where}. Check out the project before this step, or set migrations to a command that lists what is pending.`,
  }
}

export function unreadable(tool: MigrationTool, error: RangeError): MigrationFinding {
  return {
    tool: tool.name,
    table: undefined,
    source: () => 'a folder that cannot be read',
    pending: [],
    state: 'unknown',
    why: () => `The migrations of ${tool.name} cannot be read: ${errorMessage(error)}.`,
  }
}

/** Doubt overrides a list: a tool that would stop has no list to rely on. */
function stateOf({ doubt, pending }: Comparison): MigrationState {
  if (doubt !== undefined) return 'unknown'
  return pending.length > 0 ? 'pending' : 'none'
}

function sentences(...parts: ReadonlyArray<string | undefined>): string {
  return parts.filter(part => part !== undefined).join(' ')
}
