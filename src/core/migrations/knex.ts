import { renderSome } from '../check-text.ts'
import { filesIn, foldersWith, type ProjectFile, withoutExtension } from './project-file.ts'
import { SCRIPT, SCRIPT_FOLDERS } from './script-folders.ts'
import { defineTool } from './tool.ts'
import { isTypeOrmMigration } from './typeorm.ts'

/**
 * Knex: migrations/*.js or .ts against knex_migrations.name. The name there has an extension, but a project in
 * TypeScript is deployed compiled, so it is compared without.
 */
export const knex = defineTool<readonly string[]>({
  name: 'Knex',
  places: [
    ...SCRIPT_FOLDERS.map(folder => ({ folder, file: SCRIPT, depth: 0, isRead: true })),
    { folder: '', file: /^(package\.json|knexfile\.[cm]?[jt]s)$/, depth: 0, isRead: true },
  ],
  table: 'knex_migrations',
  columns: ['name'],
  owns: columns => columns.has('name') && columns.has('batch') && columns.has('migration_time'),
  readProject(files) {
    const hasKnex =
      filesIn(files, '').some(({ path }) => path.startsWith('knexfile.')) ||
      /"knex"\s*:/.test(files.files.get('package.json') ?? '')
    const [found] = foldersWith(SCRIPT_FOLDERS, folder =>
      filesIn(files, folder).filter(file => SCRIPT.test(file.path) && isKnexMigration(file, hasKnex)),
    )
    if (found === undefined) return undefined
    return { folder: found.folder, project: found.items.map(({ name }) => withoutExtension(name)) }
  },
  compare(names, rows) {
    const applied = new Set(rows.map(({ name }) => withoutExtension(name ?? '')))
    const gone = [...applied].filter(name => !names.includes(name))
    return {
      known: names.length,
      pending: names.filter(name => !applied.has(name)),
      doubt:
        gone.length === 0
          ? undefined
          : `Applied, but not in the project: ${renderSome(gone, 5)}. Knex refuses to go on then ("The migration directory is corrupt").`,
    }
  },
})

/** Scripts with an `up` of their own; Sequelize's look alike, but take a queryInterface, and node-pg-migrate's a pgm. */
function isKnexMigration(file: ProjectFile, hasKnex: boolean): boolean {
  const hasUp =
    /\bexports\.up\b|\bmodule\.exports\s*=|\bexport\s+(async\s+)?(function|const|let)\s+up\b/.test(file.text)
  if (!hasUp || isTypeOrmMigration(file) || /\b(queryInterface|pgm)\b/.test(file.text)) return false
  return hasKnex || /\bknex\b/i.test(file.text)
}
