import { renderSome } from '../text/counts.ts'
import { filesIn, type ProjectFile, withoutExtension } from './project-file.ts'
import { SCRIPT_LOCATIONS, scriptFolders } from './script-folders.ts'
import { defineTool } from './tool.ts'
import { isTypeOrmMigration } from './typeorm.ts'

/**
 * Knex: migrations/*.js or .ts against knex_migrations.name. The name there has an extension, but a project
 * in TypeScript is deployed compiled, so it is compared without.
 */
export const knex = defineTool<readonly string[]>({
  name: 'Knex',
  locations: [
    ...SCRIPT_LOCATIONS,
    { folder: '', file: /^(package\.json|knexfile\.[cm]?[jt]s)$/, depth: 0, isRead: true },
  ],
  table: 'knex_migrations',
  columns: ['name'],
  owns: columns => columns.has('name') && columns.has('batch') && columns.has('migration_time'),
  otherTables: /./,
  readProject(files, hasTable) {
    const hasKnex =
      filesIn(files, '').some(({ path }) => path.startsWith('knexfile.')) ||
      /"knex"\s*:/.test(files.files.get('package.json') ?? '')
    return scriptFolders(files).flatMap(({ folder, isKnown, scripts }) => {
      // Knex runs every script of its folder. Elsewhere, and without its table, it must look like one.
      const items = scripts.filter(
        file =>
          !isTypeOrmMigration(file) && ((hasTable && isKnown) || isKnexMigration(file, hasKnex || hasTable)),
      )
      return items.length === 0 ? [] : [{ folder, project: items.map(({ name }) => withoutExtension(name)) }]
    })
  },
  compare(names, rows) {
    const applied = new Set(rows.map(({ name }) => withoutExtension(name ?? '')))
    const known = new Set(names)
    const gone = [...applied].filter(name => !known.has(name))
    return {
      known: names.length,
      pending: names.filter(name => !applied.has(name)),
      doubt:
        gone.length === 0
          ? undefined
          : `Applied, but not in the project: ${renderSome(gone, 5)}. Knex refuses to continue then ("The migration directory is corrupt").`,
    }
  },
})

/** Scripts with an `up`. Sequelize's look the same but take a queryInterface, node-pg-migrate's a pgm. */
function isKnexMigration({ text }: ProjectFile, hasKnex: boolean): boolean {
  if (!HAS_UP.test(text) || /\b(queryInterface|pgm)\b/.test(text)) return false
  return hasKnex || /\bknex\b/i.test(text)
}

const HAS_UP =
  /\bexports\.up\b|\bmodule\.exports\s*=|\bexport\s+(default\b|(async\s+)?(function|const|let|var)\s+up\b|\{[^}]*\bup\b)/
