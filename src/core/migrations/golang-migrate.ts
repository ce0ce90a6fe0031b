import { filesIn, foldersWith } from './project-file.ts'
import { defineTool } from './tool.ts'

interface Step {
  readonly version: bigint
  readonly name: string
}

const FOLDERS = [
  'migrations',
  'db/migrations',
  'db/migration',
  'database/migrations',
  'internal/migrations',
  'internal/db/migrations',
  'internal/database/migrations',
  'sql/migrations',
  'pkg/migrations',
]
const FILE = /^(\d+)_(.*)\.up\.[^/]+$/

/**
 * golang-migrate: <version>_<name>.up.sql against the one row of schema_migrations(version bigint, dirty): everything
 * above the version is pending, whatever was added below it.
 */
export const golangMigrate = defineTool<readonly Step[]>({
  name: 'golang-migrate',
  places: FOLDERS.map(folder => ({ folder, file: FILE, depth: 0, isRead: false })),
  table: 'schema_migrations',
  columns: ['version', 'dirty'],
  owns: columns => columns.has('version') && columns.has('dirty'),
  readProject(files) {
    return foldersWith(FOLDERS, folder =>
      filesIn(files, folder).flatMap(({ path }) => {
        const version = FILE.exec(path)?.[1]
        return version === undefined
          ? []
          : [{ version: BigInt(version), name: path.replace(/\.up\.[^/]+$/, '') }]
      }),
    ).map(({ folder, items }) => ({
      folder,
      project: items.toSorted((a, b) => (a.version < b.version ? -1 : 1)),
    }))
  },
  compare(steps, [row]) {
    const version = BigInt(row?.version ?? -1)
    const isKnown = steps.some(step => step.version === version)
    return {
      known: steps.length,
      pending: steps.filter(step => step.version > version).map(({ name }) => name),
      doubt: describeDoubt(version, row?.dirty === 'true', isKnown),
    }
  },
})

function describeDoubt(version: bigint, isDirty: boolean, isKnown: boolean): string | undefined {
  if (isDirty)
    return `Migration ${version} failed half way (dirty): golang-migrate refuses to go on until the database is put right and migrate force has set its version.`
  if (version < 0n || isKnown) return undefined
  return `The database is at version ${version}, which is not in the project: golang-migrate refuses to go on from there.`
}
