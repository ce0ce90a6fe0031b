import { createHash } from 'node:crypto'
import { list, object, text, whole } from '../json/decode.ts'
import { renderSome } from '../text/counts.ts'
import { filesIn } from './project-file.ts'
import { defineTool } from './tool.ts'

interface DrizzleMigration {
  readonly tag: string
  /** Milliseconds since 1970, by which Drizzle orders. */
  readonly when: number
  /** SHA-256 of the file in hex; undefined where the journal names a file that is not there. */
  readonly hash: string | undefined
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
const JOURNAL = 'meta/_journal.json'

const journal = object({ entries: list(object({ when: whole, tag: text })) })

/**
 * Drizzle: meta/_journal.json against __drizzle_migrations. It applies what is newer than the newest row
 * (`lastDbMigration.created_at < migration.folderMillis` in drizzle-orm's pg-core/dialect), whatever the rows before
 * hold; an older one that was never applied is passed over, and is pending here.
 */
export const drizzle = defineTool<readonly DrizzleMigration[]>({
  name: 'Drizzle',
  places: FOLDERS.map(folder => ({
    folder,
    file: /^(meta\/_journal\.json|[^/]+\.sql)$/,
    depth: 1,
    isRead: true,
  })),
  table: '__drizzle_migrations',
  columns: ['hash', 'created_at'],
  owns: columns => columns.has('hash') && columns.has('created_at'),
  readProject(files) {
    return FOLDERS.filter(folder => files.files.has(`${folder}/${JOURNAL}`)).map(folder => {
      const texts = new Map(filesIn(files, folder).map(({ path, text }) => [path, text]))
      const { entries } = journal(parseJson(texts.get(JOURNAL) ?? '', `${folder}/${JOURNAL}`), '')
      return {
        folder,
        project: entries.map(({ when, tag }) => ({ when, tag, hash: sha256(texts.get(`${tag}.sql`)) })),
      }
    })
  },
  compare(migrations, rows) {
    const times = rows.map(row => Number(row.created_at))
    const newest = Math.max(0, ...times)
    const hashes = new Set(rows.map(row => row.hash))
    const isRecorded = ({ when, hash }: DrizzleMigration) =>
      times.includes(when) || (hash !== undefined && hashes.has(hash))
    const passedOver = migrations.filter(migration => migration.when <= newest && !isRecorded(migration))
    const absent = migrations.filter(({ hash }) => hash === undefined).map(({ tag }) => `${tag}.sql`)
    return {
      known: migrations.length,
      pending: migrations
        .filter(migration => migration.when > newest || !isRecorded(migration))
        .map(({ tag }) => tag),
      doubt:
        absent.length === 0
          ? undefined
          : `The journal names files that are not in the project: ${renderSome(absent, 5)}.`,
      note:
        passedOver.length === 0
          ? undefined
          : `Older than the newest one applied, so that Drizzle passes over it: ${renderSome(
              passedOver.map(({ tag }) => tag),
              5,
            )}. Generate it again.`,
    }
  },
})

function sha256(text: string | undefined): string | undefined {
  return text === undefined ? undefined : createHash('sha256').update(text).digest('hex')
}

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new RangeError(`${name} is not JSON`)
  }
}
