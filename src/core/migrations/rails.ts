import { renderSome } from '../text/counts.ts'
import { describeMissingNewest } from './newest-row.ts'
import { filesIn, type ProjectFile } from './project-file.ts'
import { defineTool, WHOLE } from './tool.ts'

interface RailsMigration {
  /** Without leading zeros: Rails compares numbers. */
  readonly version: string
  readonly name: string
}

interface RailsProject {
  readonly migrations: readonly RailsMigration[]
  /** Of this database where migrations_paths has them (db/post_migrate), of another one otherwise. */
  readonly siblings: readonly SiblingFolder[]
  /** Of engines and packs. Only the application's code says whether they run in place or after a copy. */
  readonly elsewhere: ReadonlyArray<RailsMigration & { readonly path: string }>
}

/** `db/post_migrate`, next to db/migrate. */
interface SiblingFolder {
  readonly folder: string
  readonly migrations: readonly RailsMigration[]
  /** Named as migrations_paths in config/database.yml: of a database of its own. */
  readonly isConfigured: boolean
}

/** MigrationFilenameRegexp of ActiveRecord; engines add their name: `…_create_users.my_engine.rb`. */
const FILE = /^(\d+)_([_a-z0-9]*)\.?([_a-z0-9]*)?\.rb$/
/** The application that an engine is tested with has migrations too. */
const OTHER = /^(?!(?:.*\/)?(?:spec|test)\/).+\/db\/migrate\//
const SIBLING = /^(db\/\w+_migrate)\//
const DATABASE_YML = 'config/database.yml'

/** Rails: db/migrate/*.rb against schema_migrations(version varchar). */
export const rails = defineTool<RailsProject>({
  name: 'Rails',
  locations: [
    { folder: 'db/migrate', file: /\.rb$/, depth: WHOLE, isRead: false },
    { folder: '', file: /(^|\/)db\/(\w+_)?migrate\/.*\.rb$/, depth: WHOLE, isRead: false, marker: 'Gemfile' },
    { folder: 'config', file: /^database\.yml$/, depth: 0, isRead: true },
  ],
  table: 'schema_migrations',
  columns: ['version'],
  // golang-migrate's table of the same name has a number and `dirty`, Ecto's a number and `inserted_at`.
  owns: columns => columns.size === 1 && /^(character varying|text)/.test(columns.get('version') ?? ''),
  // schema_migrations_table_name, and the prefix and suffix of all tables.
  otherTables: /migrat/i,
  readProject(files) {
    const migrations = filesIn(files, 'db/migrate').flatMap(parseFile)
    const elsewhere = filesIn(files, '')
      .filter(({ path }) => OTHER.test(path))
      .flatMap(file => parseFile(file).map(migration => ({ ...migration, path: file.path })))
    if (migrations.length + elsewhere.length === 0) return []
    const siblings = siblingFolders(filesIn(files, ''), files.files.get(DATABASE_YML) ?? '')
    return [{ folder: 'db/migrate', project: { migrations, elsewhere, siblings } }]
  },
  compare({ migrations: main, siblings, elsewhere }, rows) {
    const applied = new Set(rows.map(({ version }) => normal(version ?? '')))
    const isUsed = (folder: SiblingFolder) => folder.migrations.some(({ version }) => applied.has(version))
    const migrations = [...main, ...siblings.filter(isUsed).flatMap(folder => folder.migrations)]
    const all = new Set([...migrations, ...elsewhere].map(({ version }) => version))
    const gone = [...applied].filter(version => !all.has(version))
    const unclear = elsewhere.filter(
      ({ version, name }) => !applied.has(version) && !isCopied(name, migrations),
    )
    const idle = siblings.filter(folder => !isUsed(folder) && !folder.isConfigured)
    const pending = migrations.filter(({ version }) => !applied.has(version)).map(({ name }) => name)
    return {
      known: migrations.length + elsewhere.filter(({ version }) => applied.has(version)).length,
      pending,
      doubt:
        describeDoubt(unclear, pending.length > 0 ? [] : idle) ??
        describeMissingNewest(
          [...applied].map(version => ({ id: version, order: version })),
          version => all.has(version),
        ),
      note:
        gone.length === 0
          ? undefined
          : `Applied, but not in the project: ${renderSome(gone, 5)}. Rails ignores them.`,
    }
  },
})

function describeDoubt(
  unclear: ReadonlyArray<{ readonly path: string }>,
  idle: readonly SiblingFolder[],
): string | undefined {
  if (unclear.length > 0) {
    const paths = unclear.map(({ path }) => path)
    return `${renderSome(paths, 5)} lies outside db/migrate, and was neither run nor copied. Whether Rails runs it is unknown.`
  }
  if (idle.length === 0) return undefined
  const folders = idle.map(({ folder }) => folder)
  return `Nothing in ${renderSome(folders, 5)} has run in this database. If it belongs to another database, name it as migrations_paths in ${DATABASE_YML}.`
}

function siblingFolders(files: readonly ProjectFile[], databaseYml: string): readonly SiblingFolder[] {
  const byFolder = Map.groupBy(files, ({ path }) => SIBLING.exec(path)?.[1] ?? '')
  byFolder.delete('')
  const configured = /\bmigrations_paths\b/.test(databaseYml) ? databaseYml : ''
  return [...byFolder].map(([folder, items]) => ({
    folder,
    migrations: items.flatMap(parseFile),
    isConfigured: configured.includes(folder),
  }))
}

function parseFile({ name }: ProjectFile): readonly RailsMigration[] {
  const version = FILE.exec(name)?.[1]
  return version === undefined ? [] : [{ version: normal(version), name: name.replace(/\.rb$/, '') }]
}

/** `railties:install:migrations` copies under a new version and adds the engine: `…_users.engine.rb`. */
function isCopied(name: string, migrations: readonly RailsMigration[]): boolean {
  const plain = name.replace(/^\d+/, '')
  return migrations.some(copy => copy.name.replace(/^\d+/, '').startsWith(`${plain}.`))
}

function normal(version: string): string {
  return version.replace(/^0+(?=\d)/, '')
}
