import { renderSome } from '../text/counts.ts'
import { filesIn, type ProjectFile } from './project-file.ts'
import { defineTool, WHOLE } from './tool.ts'

interface RailsMigration {
  /** Without leading zeros: Rails compares numbers. */
  readonly version: string
  readonly name: string
}

interface RailsProject {
  readonly migrations: readonly RailsMigration[]
  /** By folder: of this database where migrations_paths has them (db/post_migrate), of another one otherwise. */
  readonly beside: ReadonlyArray<readonly RailsMigration[]>
  /** Of engines and packs: whether they run in place, or after they were copied, is in the application's code. */
  readonly elsewhere: ReadonlyArray<RailsMigration & { readonly path: string }>
}

/** MigrationFilenameRegexp of ActiveRecord; engines add their name: `…_create_users.my_engine.rb`. */
const FILE = /^(\d+)_([_a-z0-9]*)\.?([_a-z0-9]*)?\.rb$/
/** The application that an engine is tested with has migrations too. */
const OTHER = /^(?!(?:.*\/)?(?:spec|test)\/).+\/db\/migrate\//
const BESIDE = /^db\/\w+_migrate\//

/** Rails: db/migrate/*.rb against schema_migrations(version varchar). */
export const rails = defineTool<RailsProject>({
  name: 'Rails',
  places: [
    { folder: 'db/migrate', file: /\.rb$/, depth: WHOLE, isRead: false },
    { folder: '', file: /(^|\/)db\/(\w+_)?migrate\/.*\.rb$/, depth: WHOLE, isRead: false, marker: 'Gemfile' },
  ],
  table: 'schema_migrations',
  columns: ['version'],
  // golang-migrate's table of the same name has a number and `dirty`, Ecto's a number and `inserted_at`.
  owns: columns => columns.size === 1 && /^(character varying|text)/.test(columns.get('version') ?? ''),
  readProject(files) {
    const migrations = filesIn(files, 'db/migrate').flatMap(parseFile)
    const beside = Map.groupBy(filesIn(files, ''), ({ path }) => BESIDE.exec(path)?.[0])
    beside.delete(undefined)
    const elsewhere = filesIn(files, '')
      .filter(({ path }) => OTHER.test(path))
      .flatMap(file => parseFile(file).map(migration => ({ ...migration, path: file.path })))
    if (migrations.length + elsewhere.length === 0) return []
    const project = { migrations, elsewhere, beside: [...beside.values()].map(all => all.flatMap(parseFile)) }
    return [{ folder: 'db/migrate', project }]
  },
  compare({ migrations: main, beside, elsewhere }, rows) {
    const applied = new Set(rows.map(({ version }) => normal(version ?? '')))
    const used = beside.filter(folder => folder.some(({ version }) => applied.has(version)))
    const migrations = [...main, ...used.flat()]
    const all = [...migrations, ...elsewhere]
    const gone = [...applied].filter(version => all.every(migration => migration.version !== version))
    const unclear = elsewhere.filter(
      ({ version, name }) => !applied.has(version) && !isCopied(name, migrations),
    )
    return {
      known: migrations.length + elsewhere.filter(({ version }) => applied.has(version)).length,
      pending: migrations.filter(({ version }) => !applied.has(version)).map(({ name }) => name),
      doubt:
        unclear.length === 0
          ? undefined
          : `${renderSome(
              unclear.map(({ path }) => path),
              5,
            )} lies outside db/migrate, and was neither run nor copied: whether Rails runs it nobody can tell.`,
      note:
        gone.length === 0
          ? undefined
          : `Applied, but not in the project: ${renderSome(gone, 5)}; Rails does not mind.`,
    }
  },
})

function parseFile({ name }: ProjectFile): readonly RailsMigration[] {
  const version = FILE.exec(name)?.[1]
  return version === undefined ? [] : [{ version: normal(version), name: name.replace(/\.rb$/, '') }]
}

/** `railties:install:migrations` copies under a new version and adds the engine: `2026…_create_users.my_engine.rb`. */
function isCopied(name: string, migrations: readonly RailsMigration[]): boolean {
  const plain = name.replace(/^\d+/, '')
  return migrations.some(copy => copy.name.replace(/^\d+/, '').startsWith(`${plain}.`))
}

function normal(version: string): string {
  return version.replace(/^0+(?=\d)/, '')
}
