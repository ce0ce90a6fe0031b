import { createHash } from 'node:crypto'
import * as d from '../json/decode.ts'
import { renderSome } from '../text/counts.ts'
import type { MigrationRow } from './migration-report.ts'
import { describeMissingNewest } from './newest-row.ts'
import { filesIn, foldersMatching } from './project-file.ts'
import { anywhere, defineTool } from './tool.ts'

interface DrizzleMigration {
  readonly tag: string
  /** Milliseconds since 1970, by which Drizzle before version 1 orders. */
  readonly when: number
  /** SHA-256 of the file in hex; undefined where its text was not read. */
  readonly hash: string | undefined
  /** Of version 1: a folder with migration.sql and snapshot.json, found by its name. */
  readonly isFolder: boolean
  readonly isThere: boolean
}

const FOLDERS = [
  'drizzle',
  'drizzle/migrations',
  'src/drizzle',
  'src/drizzle/migrations',
  'src/db/migrations',
  'src/db/drizzle',
  'db/migrations',
  'migrations',
]
const JOURNAL = /^((?:.*\/)?)meta\/_journal\.json$/
const SNAPSHOT = /^((?:.*\/)?)[^/]+\/snapshot\.json$/

const journal = d.object({ entries: d.array(d.object({ when: d.nonNegativeInt, tag: d.string })) })

/**
 * Drizzle: meta/_journal.json, or from version 1 on <timestamp>_<name>/migration.sql, against
 * __drizzle_migrations. Before version 1 it applies what is newer than the newest row
 * (`lastDbMigration.created_at < migration.folderMillis` in drizzle-orm's pg-core/dialect); an older one that
 * was never applied never runs, and is pending here. Version 1 applies every name that has no row
 * (getMigrationsToRun in drizzle-orm's migrator.utils).
 */
export const drizzle = defineTool<readonly DrizzleMigration[]>({
  name: 'Drizzle',
  locations: [
    ...FOLDERS.map(folder => ({
      folder,
      file: /^(meta\/_journal\.json|[^/]+\.sql|[^/]+\/migration\.sql)$/,
      depth: 1,
      isRead: true,
    })),
    anywhere(/(^|\/)meta\/_journal\.json$/, true),
    anywhere(/(^|\/)(\d{4,}_[^/]+\.sql|[^/]+\/(migration\.sql|snapshot\.json))$/, false),
  ],
  table: '__drizzle_migrations',
  columns: ['id', 'hash', 'created_at', 'name'],
  owns: columns => columns.has('hash') && columns.has('created_at'),
  otherTables: /drizzle|migrat/i,
  readProject(files) {
    const folders = [JOURNAL, SNAPSHOT].flatMap(pattern => foldersMatching(files, pattern))
    return [...new Set(folders.map(({ folder }) => folder))].map(folder => {
      const below = new Map(filesIn(files, folder === '.' ? '' : folder).map(file => [file.path, file.text]))
      return { folder, project: [...readJournal(below, folder), ...readFolders(below)] }
    })
  },
  compare(migrations, rows) {
    const times = rows.map(row => Number(row.created_at))
    const newest = times.reduce((a, b) => Math.max(a, b), 0)
    const isRecorded = (migration: DrizzleMigration) => rows.some(row => isRowOf(row, migration))
    const neverRun = migrations.filter(
      migration => !migration.isFolder && migration.when <= newest && !isRecorded(migration),
    )
    const absent = migrations.filter(({ isThere }) => !isThere).map(({ tag }) => `${tag}.sql`)
    return {
      known: migrations.length,
      pending: migrations
        .filter(migration => (!migration.isFolder && migration.when > newest) || !isRecorded(migration))
        .map(({ tag }) => tag),
      doubt:
        absent.length > 0
          ? `The journal names files that are not in the project: ${renderSome(absent, 5)}.`
          : describeNewest(migrations, rows),
      note:
        neverRun.length === 0
          ? undefined
          : `Older than the newest one applied, so Drizzle never runs it: ${renderSome(
              neverRun.map(({ tag }) => tag),
              5,
            )}. Generate it again.`,
    }
  },
})

function describeNewest(
  migrations: readonly DrizzleMigration[],
  rows: readonly MigrationRow[],
): string | undefined {
  const recorded = rows.map((row, i) => ({ id: String(i), order: row.id ?? row.created_at }))
  const named = new Map(rows.map((row, i) => [String(i), row.name ?? `created_at ${row.created_at}`]))
  const known = new Set(
    [...rows.keys()].filter(i => migrations.some(migration => isRowOf(rows[i] ?? {}, migration))).map(String),
  )
  return describeMissingNewest(
    recorded.map(row => ({ ...row, id: known.has(row.id) ? '' : (named.get(row.id) ?? '?') })),
    id => id === '',
  )
}

/** The folder of version 1 has the time of the journal, to the second. */
function isRowOf(row: MigrationRow, { tag, when, hash, isFolder }: DrizzleMigration): boolean {
  if (row.name !== null && row.name !== undefined && row.name === tag) return true
  if (hash !== undefined && row.hash === hash) return true
  const time = Number(row.created_at)
  return isFolder ? Math.floor(time / 1000) === Math.floor(when / 1000) : time === when
}

function readJournal(below: ReadonlyMap<string, string>, folder: string): readonly DrizzleMigration[] {
  const json = below.get('meta/_journal.json')
  if (json === undefined) return []
  const { entries } = journal(parseJson(json, `${folder}/meta/_journal.json`), '')
  return entries.map(({ when, tag }) => ({
    when,
    tag,
    hash: sha256(below.get(`${tag}.sql`)),
    isFolder: false,
    isThere: below.has(`${tag}.sql`),
  }))
}

function readFolders(below: ReadonlyMap<string, string>): readonly DrizzleMigration[] {
  return [...below.keys()].flatMap(path => {
    const tag = /^([^/]+)\/snapshot\.json$/.exec(path)?.[1]
    // The snapshots of the old layout are meta/<number>_snapshot.json.
    if (tag === undefined || !below.has(`${tag}/migration.sql`)) return []
    const hash = sha256(below.get(`${tag}/migration.sql`))
    return [{ tag, when: timeOf(tag), hash, isFolder: true, isThere: true }]
  })
}

/** `20260101120000_users`, in UTC. NaN where the name has none. */
function timeOf(tag: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(tag)?.map(Number) ?? []
  return Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, day, hour, minute, second)
}

/** The text is empty where only the name was looked at. */
function sha256(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : createHash('sha256').update(text).digest('hex')
}

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new RangeError(`${name} is not JSON`)
  }
}
