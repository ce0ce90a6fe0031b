import { filesIn, foldersWith, type ProjectFile } from './project-file.ts'
import { SCRIPT, SCRIPT_FOLDERS } from './script-folders.ts'
import { defineTool } from './tool.ts'

/** A class, up to the next one: `class CreateUsers1788253200000 implements MigrationInterface { … }`. */
const CLASS = /\bclass\s+(\w*\d{13})\b([\s\S]*?)(?=\bclass\s+\w|$)/g

/**
 * TypeORM: classes whose name ends in a timestamp of 13 digits, against migrations(timestamp, name). A property `name`
 * wins over the class's own. What is in the table is applied, whatever the order (MigrationExecutor).
 */
export const typeorm = defineTool<readonly string[]>({
  name: 'TypeORM',
  places: SCRIPT_FOLDERS.map(folder => ({ folder, file: SCRIPT, depth: 0, isRead: true })),
  table: 'migrations',
  columns: ['name'],
  // Laravel's table of the same name has `migration` and `batch`.
  owns: columns => columns.has('timestamp') && columns.has('name'),
  readProject(files) {
    const found = foldersWith(SCRIPT_FOLDERS, folder =>
      filesIn(files, folder)
        .filter(({ path }) => SCRIPT.test(path))
        .flatMap(classNames),
    )
    if (found.length === 0) return undefined
    // Source and compiled side by side name the same classes.
    const names = [...new Set(found.flatMap(({ items }) => items))]
    return {
      folder: found.map(({ folder }) => folder).join(', '),
      project: names.toSorted((a, b) => Number(a.slice(-13)) - Number(b.slice(-13))),
    }
  },
  compare(names, rows) {
    const applied = new Set(rows.map(({ name }) => name))
    return { known: names.length, pending: names.filter(name => !applied.has(name)) }
  },
})

export function isTypeOrmMigration(file: ProjectFile): boolean {
  return classNames(file).length > 0
}

function classNames({ text }: ProjectFile): readonly string[] {
  return [...text.matchAll(CLASS)].map(
    ([, name = '', body = '']) => /\bname\s*=\s*['"](\w*\d{13})['"]/.exec(body)?.[1] ?? name,
  )
}
