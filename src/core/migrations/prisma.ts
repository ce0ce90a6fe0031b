import { renderSome } from '../text/counts.ts'
import { filesIn, foldersWith } from './project-file.ts'
import { defineTool } from './tool.ts'

const FOLDERS = ['prisma/migrations', 'prisma/schema/migrations', 'src/prisma/migrations']

/**
 * Prisma: prisma/migrations/<name>/migration.sql against _prisma_migrations. A row that was begun and neither finished
 * nor rolled back is a failure that `migrate deploy` refuses to go past (P3009); a row that was rolled back does not
 * count. https://www.prisma.io/docs/orm/prisma-migrate/workflows/patching-and-hotfixing
 */
export const prisma = defineTool<readonly string[]>({
  name: 'Prisma',
  places: FOLDERS.map(folder => ({ folder, file: /^[^/]+\/migration\.sql$/, depth: 1, isRead: false })),
  table: '_prisma_migrations',
  columns: ['migration_name', 'finished_at', 'rolled_back_at'],
  owns: columns => columns.has('migration_name') && columns.has('finished_at'),
  readProject(files) {
    return foldersWith(FOLDERS, folder =>
      filesIn(files, folder).flatMap(({ path }) => /^([^/]+)\/migration\.sql$/.exec(path)?.[1] ?? []),
    ).map(({ folder, items }) => ({ folder, project: items }))
  },
  compare(names, rows) {
    const standing = rows.filter(row => row.rolled_back_at === null)
    const isNamed = (row: (typeof rows)[number]) => row.migration_name ?? ''
    const applied = new Set(standing.filter(row => row.finished_at !== null).map(isNamed))
    const failed = [...new Set(standing.filter(row => row.finished_at === null).map(isNamed))]
    const elsewhere = failed.filter(name => !names.includes(name))
    const resolve = 'Prisma goes no further until that is settled with prisma migrate resolve.'
    return {
      known: names.length,
      pending: names.filter(name => !applied.has(name) || failed.includes(name)),
      doubt:
        elsewhere.length === 0
          ? undefined
          : `${renderSome(elsewhere, 5)} failed and is not in the project. ${resolve}`,
      note: failed.length === 0 ? undefined : `${renderSome(failed, 5)} failed before. ${resolve}`,
    }
  },
})
