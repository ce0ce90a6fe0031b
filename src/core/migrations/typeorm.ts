import { renderSome } from '../check-text.ts'
import type { ProjectFile } from './project-file.ts'
import { SCRIPT, SCRIPT_FOLDERS, scriptFolders } from './script-folders.ts'
import { defineTool, WHOLE } from './tool.ts'

interface TypeOrmProject {
  readonly names: readonly string[]
  /** Scripts that take a QueryRunner, and in which no name was found. */
  readonly unclear: readonly string[]
}

/** A class, with or without a name, up to the next one: `class CreateUsers1788253200000 implements MigrationInterface { … }`. */
const CLASS = /\bclass\b\s*(\w*)([\s\S]*?)(?=\bclass\b|$)/g
/** `name = 'CreateUsers1788253200000'`, also `readonly name: string = …` and, compiled, `this.name = …`. */
const NAME = /\bname\s*(?::\s*string\s*)?=\s*['"`](\w*\d{13})['"`]/

/**
 * TypeORM: classes whose name ends in a timestamp of 13 digits, against migrations(timestamp, name). A property `name`
 * wins over the class's own. What is in the table is applied, whatever the order (MigrationExecutor).
 */
export const typeorm = defineTool<TypeOrmProject>({
  name: 'TypeORM',
  places: SCRIPT_FOLDERS.map(folder => ({ folder, file: SCRIPT, depth: WHOLE, isRead: true })),
  table: 'migrations',
  columns: ['name'],
  // Laravel's table of the same name has `migration` and `batch`.
  owns: columns => columns.has('timestamp') && columns.has('name'),
  readProject(files) {
    const found = scriptFolders(files)
      .map(({ folder, scripts }) => ({ folder, scripts: scripts.filter(isTypeOrmMigration) }))
      .filter(({ scripts }) => scripts.length > 0)
    if (found.length === 0) return []
    // Together: source and compiled side by side name the same classes.
    const scripts = found.flatMap(({ scripts }) => scripts)
    const names = [...new Set(scripts.flatMap(classNames))]
    return [
      {
        folder: found.map(({ folder }) => folder).join(', '),
        project: {
          names: names.toSorted((a, b) => Number(a.slice(-13)) - Number(b.slice(-13))),
          unclear: scripts.filter(file => classNames(file).length === 0).map(({ path }) => path),
        },
      },
    ]
  },
  compare({ names, unclear }, rows) {
    const applied = new Set(rows.map(({ name }) => name))
    return {
      known: names.length,
      pending: names.filter(name => !applied.has(name)),
      doubt:
        unclear.length === 0
          ? undefined
          : `${renderSome(unclear, 5)} takes a QueryRunner, and has no class whose name can be read here.`,
    }
  },
})

export function isTypeOrmMigration(file: ProjectFile): boolean {
  return /\bMigrationInterface\b|\bqueryRunner\b/.test(file.text) || classNames(file).length > 0
}

function classNames({ text }: ProjectFile): readonly string[] {
  return [...text.matchAll(CLASS)].flatMap(([, name = '', body = '']) => {
    const own = /^\w*\d{13}$/.test(name) ? name : undefined
    return NAME.exec(body)?.[1] ?? own ?? []
  })
}
