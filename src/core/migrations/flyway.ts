import { renderSome } from '../text/counts.ts'
import {
  byVersion,
  compareVersions,
  ENDING,
  flywayChecksum,
  OWN_PREFIX,
  parseScripts,
  parseVersion,
  renderVersion,
  type Script,
  type Version,
} from './flyway-script.ts'
import type { MigrationRow } from './migration-report.ts'
import { filesIn, foldersMatching } from './project-file.ts'
import { anywhere, defineTool, WHOLE } from './tool.ts'

interface FlywayProject {
  readonly scripts: readonly Script[]
  /** In other folders than the usual ones. */
  readonly others: ReadonlyArray<{ readonly folder: string; readonly scripts: readonly Script[] }>
  /** They look like versioned scripts with another prefix. */
  readonly strange: readonly string[]
}

const FOLDERS = [
  'db/migration',
  'src/main/resources/db/migration',
  'src/main/java/db/migration',
  'sql',
  'flyway/sql',
  'flyway/migrations',
  'db/migrations',
  'migrations',
]
/** A script anywhere in the project: `locations` may name more folders. */
const OTHER_FILE = /^((?:.*\/)?)(?:[VB]\d[\d._]*__|R__)[^/]*\.(?:sql|java|kt)$/

/** Flyway: V*__*.sql, R__*.sql and B*__*.sql against flyway_schema_history. */
export const flyway = defineTool<FlywayProject>({
  name: 'Flyway',
  locations: [
    ...FOLDERS.map(folder => ({
      folder,
      file: new RegExp(`(^|/)([VB]\\d[^/]*|[A-Za-z]+[\\d._]*__[^/]*)${ENDING}`),
      depth: WHOLE,
      isRead: true,
    })),
    anywhere(OTHER_FILE, true),
  ],
  table: 'flyway_schema_history',
  columns: ['installed_rank', 'version', 'description', 'type', 'script', 'checksum', 'success'],
  owns: columns => columns.has('installed_rank') && columns.has('script'),
  otherTables: /./,
  readProject(files, hasTable) {
    const usual = FOLDERS.map(folder => ({ folder, items: filesIn(files, folder) }))
    const found = usual.filter(({ items }) => parseScripts(items).length > 0)
    const strange = hasTable
      ? usual.flatMap(({ items }) => items.filter(({ name }) => OWN_PREFIX.test(name)))
      : []
    const others = foldersMatching(files, OTHER_FILE)
      .filter(({ folder }) => !FOLDERS.some(known => `${folder}/`.startsWith(`${known}/`)))
      .map(({ folder, items }) => ({ folder, scripts: parseScripts(items) }))
      .filter(({ scripts }) => scripts.length > 0)
    if (found.length + strange.length + others.length === 0) return []
    const folders = [...found, ...others].map(({ folder }) => folder)
    return [
      {
        folder: folders.join(', ') || 'the usual folders',
        project: {
          scripts: found.flatMap(({ items }) => parseScripts(items)),
          others,
          strange: strange.map(({ name }) => name),
        },
      },
    ]
  },
  compare({ scripts: usual, others, strange }, rows) {
    const history = readHistory(rows)
    const used = others.filter(
      ({ scripts }) => history.isEmpty || scripts.some(script => hasRun(script, history)),
    )
    const idle = others.filter(folder => !used.includes(folder)).map(({ folder }) => folder)
    const scripts = [...usual, ...used.flatMap(folder => folder.scripts)].toSorted(byVersion)
    const repeatable = scripts.filter(({ prefix }) => prefix === 'R')
    const changed = repeatable.filter(script => isOutdated(script, history))
    // Flyway takes the checksum after it has replaced ${…}, and its values are not known here.
    const unclear = changed.filter(({ text, key }) => text.includes('${') && history.checksums.has(key))
    const versioned = pendingVersions(scripts, history)
    return {
      known: scripts.length,
      pending: [...versioned, ...changed.filter(script => !unclear.includes(script))].map(({ name }) => name),
      doubt: describeDoubt(history, missingScripts(scripts, history), unclear, strange, idle),
    }
  },
})

/** Recorded under its own name: two lines of Flyway may share version numbers. */
function hasRun({ key, version }: Script, { applied, checksums }: History): boolean {
  return checksums.has(key) || applied.get(renderVersion(version))?.replace(/\.(?:java|kt)$/, '') === key
}

interface History {
  /** Rendered versions that stand, with the names of their scripts. */
  readonly applied: ReadonlyMap<string, string>
  /** Everything up to it counts as applied. */
  readonly baseline: Version
  /** Of repeatable scripts, by key, the checksum of the last run. */
  readonly checksums: ReadonlyMap<string, string | null>
  readonly failed: readonly string[]
  readonly isEmpty: boolean
}

function readHistory(rows: readonly MigrationRow[]): History {
  const applied = new Map<string, string>()
  const checksums = new Map<string, string | null>()
  const failed: string[] = []
  let baseline: Version = []
  for (const row of rows.toSorted((a, b) => Number(a.installed_rank) - Number(b.installed_rank))) {
    const { type, script, version: text } = row
    const version = parseVersion(text ?? '')
    if (row.success !== 'true') failed.push(script ?? '?')
    else if (type === 'SCHEMA') continue
    else if (/^UNDO|^DELETE$/.test(type ?? '')) {
      applied.delete(renderVersion(version))
      checksums.delete(baseName(script))
    } else if (/BASELINE$/.test(type ?? '')) baseline = version
    else if (text === null || text === undefined) checksums.set(baseName(script), row.checksum ?? null)
    else applied.set(renderVersion(version), baseName(script))
  }
  // That a schema was made for it says nothing of migrations.
  return { applied, baseline, checksums, failed, isEmpty: rows.every(({ type }) => type === 'SCHEMA') }
}

/** A baseline script runs only in an empty database, in place of everything up to its version. */
function pendingVersions(scripts: readonly Script[], history: History): readonly Script[] {
  const versioned = scripts.filter(({ prefix }) => prefix === 'V')
  if (history.isEmpty) {
    const start = scripts.findLast(({ prefix }) => prefix === 'B')
    if (start === undefined) return versioned
    return [start, ...versioned.filter(({ version }) => compareVersions(version, start.version) > 0)]
  }
  return versioned.filter(
    ({ version }) =>
      !history.applied.has(renderVersion(version)) && compareVersions(version, history.baseline) > 0,
  )
}

/**
 * What has run and has no file: Flyway refuses ("applied migration not resolved locally"), has more folders,
 * or the project is older than the database. What lies within a baseline script may be gone.
 */
function missingScripts(scripts: readonly Script[], { applied, checksums }: History): readonly string[] {
  const versioned = scripts.filter(({ prefix }) => prefix !== 'R')
  const known = new Set(versioned.map(({ version }) => renderVersion(version)))
  const keys = new Set(scripts.map(({ key }) => key))
  const start = versioned.findLast(({ prefix }) => prefix === 'B')?.version ?? []
  return [
    ...[...applied]
      .filter(([text]) => !known.has(text) && compareVersions(parseVersion(text), start) > 0)
      .map(([, name]) => name),
    ...[...checksums.keys()].filter(name => !keys.has(name)),
  ]
}

function isOutdated({ key, text }: Script, { checksums }: History): boolean {
  const checksum = checksums.get(key)
  if (checksum === undefined) return true
  // Repeatable migrations in code have no checksum, and run once.
  return checksum !== null && checksum !== String(flywayChecksum(text))
}

function describeDoubt(
  { failed }: History,
  missing: readonly string[],
  unclear: readonly Script[],
  strange: readonly string[],
  idle: readonly string[],
): string | undefined {
  if (failed.length > 0)
    return `${renderSome(failed, 5)} failed before: Flyway refuses to continue. Repair the database, then run flyway repair.`
  if (strange.length > 0)
    return `${renderSome(strange, 5)} looks like a migration with a prefix of its own. Whether Flyway runs it depends on its configuration.`
  if (missing.length > 0)
    return `${renderSome(missing, 5)} was applied, but is not in the project: Flyway refuses then, its locations have other folders too, or the project is older than the database.`
  if (idle.length > 0)
    return `Scripts of Flyway are also in ${renderSome(idle, 5)}, and none of them has run here. Whether Flyway runs them depends on its locations.`
  if (unclear.length === 0) return undefined
  const names = unclear.map(({ name }) => name)
  return `Whether ${renderSome(names, 5)} changed is unknown, because of the placeholders in it.`
}

/** The column `script` has the path below the location, and of code the class. */
function baseName(script: string | null | undefined): string {
  return (script ?? '').replace(/^.*[/\\]/, '').replace(/^.*\.(?=[VRBU][^.]*$)/, '')
}
