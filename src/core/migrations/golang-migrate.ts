import { foldersMatching } from './project-file.ts'
import { anywhere, defineTool } from './tool.ts'

interface Step {
  readonly version: bigint
  readonly name: string
}

const FILE = /^((?:.*\/)?)(\d+)_[^/]*\.up\.[^/]+$/

/**
 * golang-migrate: <version>_<name>.up.sql against the one row of schema_migrations(version bigint, dirty).
 * Everything above the version is pending. What was added below it never runs.
 */
export const golangMigrate = defineTool<readonly Step[]>({
  name: 'golang-migrate',
  locations: [anywhere(FILE, false)],
  table: 'schema_migrations',
  columns: ['version', 'dirty'],
  owns: columns => columns.size === 2 && columns.has('version') && columns.has('dirty'),
  otherTables: /./,
  readProject(files) {
    return foldersMatching(files, FILE).map(({ folder, items }) => ({
      folder,
      project: items
        .map(({ path }) => ({
          version: BigInt(/^\d+/.exec(path)?.[0] ?? -1),
          name: path.replace(/\.up\.[^/]+$/, ''),
        }))
        .toSorted((a, b) => (a.version < b.version ? -1 : 1)),
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
    return `Migration ${version} failed midway (dirty): golang-migrate refuses to continue. Repair the database, then set its version with migrate force.`
  if (version < 0n || isKnown) return undefined
  return `The database is at version ${version}, which is not in the project: golang-migrate refuses to continue from there.`
}
