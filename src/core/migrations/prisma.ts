import { renderSome } from '../text/counts.ts'
import { describeMissingNewest } from './newest-row.ts'
import { foldersMatching } from './project-file.ts'
import { anywhere, defineTool } from './tool.ts'

const FOLDERS = ['prisma/migrations', 'prisma/schema/migrations', 'src/prisma/migrations']
const FILE = /^((?:.*\/)?)(?!migrations\/)[^/]+\/migration\.sql$/

/**
 * Prisma: prisma/migrations/<name>/migration.sql against _prisma_migrations. A row that was begun and neither
 * finished nor rolled back is a failure, and `migrate deploy` refuses to continue (P3009). A row that was
 * rolled back does not count. A folder may be anywhere (`migrations.path` in prisma.config.ts).
 * https://www.prisma.io/docs/orm/prisma-migrate/workflows/patching-and-hotfixing
 */
export const prisma = defineTool<readonly string[]>({
  name: 'Prisma',
  locations: [
    ...FOLDERS.map(folder => ({ folder, file: /^[^/]+\/migration\.sql$/, depth: 1, isRead: false })),
    // snapshot.json: the folder is Drizzle's.
    anywhere(/(^|\/)[^/]+\/(migration\.sql|snapshot\.json)$/, false),
  ],
  table: '_prisma_migrations',
  columns: ['migration_name', 'finished_at', 'rolled_back_at'],
  owns: columns => columns.has('migration_name') && columns.has('finished_at'),
  otherTables: /./,
  readProject(files) {
    return foldersMatching(files, FILE).flatMap(({ folder, items }) => {
      const names = items
        .map(({ path }) => path.replace(/\/migration\.sql$/, ''))
        .filter(name => !files.files.has(`${folder === '.' ? '' : `${folder}/`}${name}/snapshot.json`))
      return names.length === 0 ? [] : [{ folder, project: names }]
    })
  },
  compare(names, rows) {
    const known = new Set(names)
    const standing = rows.filter(row => row.rolled_back_at === null)
    const isNamed = (row: (typeof rows)[number]) => row.migration_name ?? ''
    const finished = standing.filter(row => row.finished_at !== null)
    const applied = new Set(finished.map(isNamed))
    const failed = new Set(standing.filter(row => row.finished_at === null).map(isNamed))
    const elsewhere = [...failed].filter(name => !known.has(name))
    const resolve = 'Prisma refuses to continue until you settle it with prisma migrate resolve.'
    return {
      known: names.length,
      pending: names.filter(name => !applied.has(name) || failed.has(name)),
      doubt:
        elsewhere.length > 0
          ? `${renderSome(elsewhere, 5)} failed and is not in the project. ${resolve}`
          : describeMissingNewest(
              finished.map(row => ({ id: isNamed(row), order: row.finished_at })),
              name => known.has(name),
            ),
      note: failed.size === 0 ? undefined : `${renderSome([...failed], 5)} failed before. ${resolve}`,
    }
  },
})
