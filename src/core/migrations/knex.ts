import { renderSome } from '../text/counts.ts'
import { filesIn, type ProjectFile, withoutExtension } from './project-file.ts'
import { SCRIPT, SCRIPT_FOLDERS, scriptFolders } from './script-folders.ts'
import { defineTool, WHOLE } from './tool.ts'
import { isTypeOrmMigration } from './typeorm.ts'

/**
 * Knex: migrations/*.js or .ts against knex_migrations.name. The name there has an extension, but a project in
 * TypeScript is deployed compiled, so it is compared without.
 */
export const knex = defineTool<readonly string[]>({
  name: 'Knex',
  places: [
    ...SCRIPT_FOLDERS.map(folder => ({ folder, file: SCRIPT, depth: WHOLE, isRead: true })),
    { folder: '', file: /^(package\.json|knexfile\.[cm]?[jt]s)$/, depth: 0, isRead: true },
  ],
  table: 'knex_migrations',
  columns: ['name'],
  owns: columns => columns.has('name') && columns.has('batch') && columns.has('migration_time'),
  readProject(files, hasTable) {
    const hasKnex =
      filesIn(files, '').some(({ path }) => path.startsWith('knexfile.')) ||
      /"knex"\s*:/.test(files.files.get('package.json') ?? '')
    return scriptFolders(files).flatMap(({ folder, isKnown, scripts }) => {
      // Knex takes every script in its folder for a migration; in others, and without its table, it has to look like one.
      const items = scripts.filter(
        file =>
          !isTypeOrmMigration(file) && ((hasTable && isKnown) || isKnexMigration(file, hasKnex || hasTable)),
      )
      return items.length === 0 ? [] : [{ folder, project: items.map(({ name }) => withoutExtension(name)) }]
    })
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
function isKnexMigration({ text }: ProjectFile, hasKnex: boolean): boolean {
  if (!HAS_UP.test(text) || /\b(queryInterface|pgm)\b/.test(text)) return false
  return hasKnex || /\bknex\b/i.test(text)
}

const HAS_UP =
  /\bexports\.up\b|\bmodule\.exports\s*=|\bexport\s+(default\b|(async\s+)?(function|const|let|var)\s+up\b|\{[^}]*\bup\b)/
