import { renderSome } from '../text/counts.ts'
import type { MigrationRow } from './migration-report.ts'
import { describeMissingNewest } from './newest-row.ts'
import type { ProjectFile } from './project-file.ts'
import { SCRIPT_LOCATIONS, scriptFolders } from './script-folders.ts'
import { defineTool } from './tool.ts'

interface TypeOrmProject {
  readonly folders: string
  readonly names: readonly string[]
  /** Scripts that take a QueryRunner, and in which no name was found. */
  readonly unclear: readonly string[]
}

/** A class, with or without a name, up to the next: `class A1788253200000 implements Migration… {`. */
const CLASS = /\bclass\b\s*(\w*)([\s\S]*?)(?=\bclass\b|$)/g
/** `name = 'CreateUsers1788253200000'`, also `readonly name: string = …` and, compiled, `this.name = …`. */
const NAME = /\bname\s*(?::\s*string\s*)?=\s*['"`](\w*\d{13})['"`]/

/**
 * TypeORM: classes whose name ends in a timestamp of 13 digits, against migrations(timestamp, name). A
 * property `name` overrides the name of the class. What is in the table is applied, in any order
 * (MigrationExecutor).
 */
export const typeorm = defineTool<TypeOrmProject>({
  name: 'TypeORM',
  locations: SCRIPT_LOCATIONS,
  table: 'migrations',
  columns: ['id', 'timestamp', 'name'],
  // Laravel's table of the same name has `migration` and `batch`.
  owns: columns => columns.has('timestamp') && columns.has('name') && !columns.has('batch'),
  otherTables: /migrat/i,
  readProject(files) {
    const found = scriptFolders(files)
      .map(({ folder, scripts }) => ({ folder, scripts: scripts.filter(isTypeOrmMigration) }))
      .filter(({ scripts }) => scripts.length > 0)
    if (found.length === 0) return []
    // Together: source and compiled side by side name the same classes.
    const scripts = found.flatMap(({ scripts }) => scripts)
    const names = [...new Set(scripts.flatMap(classNames))]
    const folders = found.map(({ folder }) => folder).join(', ')
    return [
      {
        folder: folders,
        project: {
          folders,
          names: names.toSorted((a, b) => timestamp(a) - timestamp(b)),
          unclear: scripts.filter(file => classNames(file).length === 0).map(({ path }) => path),
        },
      },
    ]
  },
  compare(project, rows) {
    const applied = new Set(rows.map(({ name }) => name ?? ''))
    return {
      known: project.names.length,
      pending: project.names.filter(name => !applied.has(name)),
      doubt: describeDoubt(project, applied) ?? describeNewest(project, rows),
    }
  },
})

function describeDoubt(
  { folders, names, unclear }: TypeOrmProject,
  applied: ReadonlySet<string>,
): string | undefined {
  if (unclear.length > 0)
    return `${renderSome(unclear, 5)} takes a QueryRunner, but no class name was found in it. Set migrations to a command that lists what is pending.`
  // What is older than all files may have been squashed. What lies between them is in another folder.
  const [first = '', last = ''] = [names[0], names.at(-1)]
  const missed = [...applied].filter(
    name => !names.includes(name) && timestamp(name) > timestamp(first) && timestamp(name) < timestamp(last),
  )
  if (missed.length === 0) return undefined
  return `${renderSome(missed, 5)} was applied, but is not in ${folders}: other folders may hold more, or the file was renamed or removed.`
}

function describeNewest({ names }: TypeOrmProject, rows: readonly MigrationRow[]): string | undefined {
  const known = new Set(names)
  return describeMissingNewest(
    rows.map(({ id, timestamp, name }) => ({ id: name ?? '', order: id ?? timestamp })),
    name => known.has(name),
  )
}

function timestamp(name: string): number {
  return Number(name.slice(-13))
}

export function isTypeOrmMigration(file: ProjectFile): boolean {
  return /\bMigrationInterface\b|\bqueryRunner\b/.test(file.text) || classNames(file).length > 0
}

function classNames({ text }: ProjectFile): readonly string[] {
  return [...text.matchAll(CLASS)].flatMap(([, name = '', body = '']) => {
    const own = /^\w*\d{13}$/.test(name) ? name : undefined
    return NAME.exec(body)?.[1] ?? own ?? []
  })
}
