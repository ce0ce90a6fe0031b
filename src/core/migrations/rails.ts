import { renderSome } from '../check-text.ts'
import { filesIn } from './project-file.ts'
import { defineTool } from './tool.ts'

interface RailsMigration {
  /** Without leading zeros: Rails compares numbers. */
  readonly version: string
  readonly name: string
}

/** MigrationFilenameRegexp of ActiveRecord; engines add their name: `…_create_users.my_engine.rb`. */
const FILE = /^(\d+)_([_a-z0-9]*)\.?([_a-z0-9]*)?\.rb$/

/** Rails: db/migrate/*.rb against schema_migrations(version varchar). */
export const rails = defineTool<readonly RailsMigration[]>({
  name: 'Rails',
  places: [{ folder: 'db/migrate', file: /\.rb$/, depth: 3, isRead: false }],
  table: 'schema_migrations',
  columns: ['version'],
  // golang-migrate's table of the same name has a number and `dirty`, Ecto's a number and `inserted_at`.
  owns: columns => columns.size === 1 && /^(character varying|text)/.test(columns.get('version') ?? ''),
  readProject(files) {
    const migrations = filesIn(files, 'db/migrate').flatMap(({ name }) => {
      const version = FILE.exec(name)?.[1]
      return version === undefined ? [] : [{ version: normal(version), name: name.replace(/\.rb$/, '') }]
    })
    return migrations.length === 0 ? undefined : { folder: 'db/migrate', project: migrations }
  },
  compare(migrations, rows) {
    const applied = new Set(rows.map(({ version }) => normal(version ?? '')))
    const known = new Set(migrations.map(({ version }) => version))
    const gone = [...applied].filter(version => !known.has(version))
    return {
      known: migrations.length,
      pending: migrations.filter(({ version }) => !applied.has(version)).map(({ name }) => name),
      note:
        gone.length === 0
          ? undefined
          : `Applied, but not in the project: ${renderSome(gone, 5)}; Rails does not mind.`,
    }
  },
})

function normal(version: string): string {
  return version.replace(/^0+(?=\d)/, '')
}
