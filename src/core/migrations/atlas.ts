import { renderSome } from '../text/counts.ts'
import type { MigrationRow } from './migration-report.ts'
import { describeMissingNewest } from './newest-row.ts'
import { filesIn, foldersMatching, type ProjectFile } from './project-file.ts'
import { anywhere, defineTool } from './tool.ts'

interface AtlasProject {
  readonly migrations: readonly AtlasMigration[]
  /** Names in atlas.sum, without its first line. */
  readonly summed: readonly string[]
}

interface AtlasMigration {
  readonly version: string
  readonly name: string
  /** The whole schema at that version: it runs only in an empty database. */
  readonly isCheckpoint: boolean
}

const FOLDERS = [
  'migrations',
  'db/migrations',
  'database/migrations',
  'atlas/migrations',
  'ent/migrate/migrations',
  'internal/ent/migrate/migrations',
]
const FILE = /^([^_/]+)(?:_(.+))?\.sql$/

/** A bit of atlas_schema_revisions.type; 4 is a failure that was resolved by hand. */
const BASELINE = 1

/** Atlas: <version>_<name>.sql with an atlas.sum, against atlas_schema_revisions in any schema. */
export const atlas = defineTool<AtlasProject>({
  name: 'Atlas',
  locations: [
    ...FOLDERS.map(folder => ({ folder, file: /^([^/]+\.sql|atlas\.sum)$/, depth: 0, isRead: true })),
    anywhere(/(^|\/)atlas\.sum$/, true),
    anywhere(/(^|\/)migrations\/[^/]+\.sql$/, false),
  ],
  table: 'atlas_schema_revisions',
  columns: ['version', 'type', 'applied', 'total', 'executed_at'],
  owns: columns => columns.has('version') && columns.has('applied') && columns.has('total'),
  readProject(files) {
    return foldersMatching(files, /^((?:.*\/)?)atlas\.sum$/).flatMap(({ folder }) => {
      const all = filesIn(files, folder === '.' ? '' : folder).filter(({ path }) => !path.includes('/'))
      // Atlas can also write the files of golang-migrate, which runs them then.
      if (all.some(({ path }) => path.endsWith('.up.sql'))) return []
      return [{ folder, project: { migrations: all.flatMap(parseFile), summed: parseSum(all) } }]
    })
  },
  compare({ migrations, summed }, rows) {
    // Atlas keeps identifiers of its own in rows whose version begins with a dot.
    const revisions = rows.filter(({ version }) => !version?.startsWith('.'))
    const partial = revisions.filter(isPartial).map(({ version }) => version ?? '?')
    const known = partial.filter(version => migrations.some(migration => migration.version === version))
    return {
      known: migrations.length,
      pending: pendingFiles(migrations, revisions).map(({ name }) => name),
      doubt:
        describeDoubt(
          migrations,
          summed,
          partial.filter(version => !known.includes(version)),
        ) ??
        describeMissingNewest(
          revisions.map(({ version, executed_at }) => ({
            id: version ?? '?',
            order: executed_at ?? version,
          })),
          id => migrations.some(({ version }) => version === id),
        ),
      note:
        known.length === 0
          ? undefined
          : `${renderSome(known, 5)} was applied only in part: Atlas continues in the middle of it.`,
    }
  },
})

function pendingFiles(
  migrations: readonly AtlasMigration[],
  revisions: readonly MigrationRow[],
): readonly AtlasMigration[] {
  if (revisions.length === 0) return migrations.slice(Math.max(0, lastCheckpoint(migrations)))
  const done = new Set(revisions.filter(row => !isPartial(row)).map(({ version }) => version))
  const baseline = revisions
    .filter(({ type }) => Number(type) === BASELINE)
    .reduce(
      (newest, { version }) =>
        version !== null && version !== undefined && version > newest ? version : newest,
      '',
    )
  return migrations.filter(
    ({ version, isCheckpoint }) => !isCheckpoint && !done.has(version) && version > baseline,
  )
}

function lastCheckpoint(migrations: readonly AtlasMigration[]): number {
  return migrations.findLastIndex(({ isCheckpoint }) => isCheckpoint)
}

function isPartial({ applied, total }: MigrationRow): boolean {
  return Number(applied) < Number(total)
}

function describeDoubt(
  migrations: readonly AtlasMigration[],
  summed: readonly string[],
  unknown: readonly string[],
): string | undefined {
  if (unknown.length > 0)
    return `${renderSome(unknown, 5)} was applied only in part and is not in the project, so Atlas cannot continue.`
  const names = migrations.map(({ name }) => `${name}.sql`)
  const different = [
    ...names.filter(name => !summed.includes(name)),
    ...summed.filter(name => !names.includes(name)),
  ]
  if (different.length === 0) return undefined
  return `atlas.sum and the folder differ in ${renderSome(different, 5)}: Atlas refuses to run. Run atlas migrate hash.`
}

function parseFile({ path, text }: ProjectFile): readonly AtlasMigration[] {
  const version = FILE.exec(path)?.[1]
  if (version === undefined) return []
  const isCheckpoint = /^-- atlas:checkpoint\b/m.test(text.slice(0, 1000))
  return [{ version, name: path.replace(/\.sql$/, ''), isCheckpoint }]
}

/** `20260901090000_create_users.sql h1:…`; the first line is the sum of all. */
function parseSum(files: readonly ProjectFile[]): readonly string[] {
  const sum = files.find(({ path }) => path === 'atlas.sum')?.text ?? ''
  return [...sum.matchAll(/^(\S+\.sql) h1:/gm)].map(([, name]) => name ?? '')
}
