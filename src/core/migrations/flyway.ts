import { renderSome } from '../text/counts.ts'
import { flywayChecksum } from './flyway-checksum.ts'
import type { MigrationRow, ProjectFiles } from './migration-report.ts'
import { filesIn, foldersWith } from './project-file.ts'
import { defineTool, WHOLE } from './tool.ts'

interface FlywayProject {
  readonly scripts: readonly Script[]
  /** They look like versioned scripts with another prefix. */
  readonly strange: readonly string[]
}

interface Script {
  /** V versioned, R repeatable, B baseline; undo scripts (U) never run by themselves. */
  readonly prefix: 'V' | 'R' | 'B'
  readonly name: string
  /** As the history names it: of code the class. */
  readonly key: string
  /** Empty in a repeatable one. */
  readonly version: Version
  readonly description: string
  readonly text: string
}

type Version = readonly bigint[]

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
/** SQL, code, and the scripts that Flyway runs by a shell or Python. */
const ENDING = String.raw`\.(?:sql|java|kt|ps1|bat|cmd|sh|bash|py)$`
/** Separator and description may be left out: `V2.sql`, `V2__.sql` (ResourceNameParser in flyway-core). */
const SCRIPT = new RegExp(`^([VRB])([\\d._]*?)(?:__(.*))?${ENDING}`)
/** A versioned script whose prefix somebody has configured. U is undo, which never runs by itself. */
const OWN_PREFIX = new RegExp(`^(?![VBU]\\d)[A-Za-z]+\\d[\\d._]*__.*${ENDING}`)

/** Flyway: V*__*.sql, R__*.sql and B*__*.sql against flyway_schema_history. */
export const flyway = defineTool<FlywayProject>({
  name: 'Flyway',
  places: FOLDERS.map(folder => ({
    folder,
    file: new RegExp(`(^|/)([VB]\\d[^/]*|[A-Za-z]+[\\d._]*__[^/]*)${ENDING}`),
    depth: WHOLE,
    isRead: true,
  })),
  table: 'flyway_schema_history',
  columns: ['installed_rank', 'version', 'description', 'type', 'script', 'checksum', 'success'],
  owns: columns => columns.has('installed_rank') && columns.has('script'),
  readProject(files, hasTable) {
    const found = foldersWith(FOLDERS, folder => parseScripts(files, folder))
    const strange = hasTable
      ? FOLDERS.flatMap(folder => filesIn(files, folder).filter(({ name }) => OWN_PREFIX.test(name)))
      : []
    if (found.length + strange.length === 0) return []
    return [
      {
        folder: found.map(({ folder }) => folder).join(', ') || 'the usual folders',
        project: {
          scripts: found.flatMap(({ items }) => items).toSorted(byVersion),
          strange: strange.map(({ name }) => name),
        },
      },
    ]
  },
  compare({ scripts, strange }, rows) {
    const history = readHistory(rows)
    const repeatable = scripts.filter(({ prefix }) => prefix === 'R')
    const changed = repeatable.filter(script => isOutdated(script, history))
    // Flyway takes the checksum after it has put values in the place of ${…}, which nobody else knows.
    const unclear = changed.filter(({ text, key }) => text.includes('${') && history.checksums.has(key))
    const versioned = pendingVersions(scripts, history)
    return {
      known: scripts.length,
      pending: [...versioned, ...changed.filter(script => !unclear.includes(script))].map(({ name }) => name),
      doubt: describeDoubt(history, missingScripts(scripts, history), unclear, strange),
    }
  },
})

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
 * What has run and is not in the folders that are looked through: Flyway refuses ("applied migration not resolved locally"), or has
 * more folders. What is later than all that is there, or within a baseline script, may be gone.
 */
function missingScripts(scripts: readonly Script[], { applied, checksums }: History): readonly string[] {
  const versioned = scripts.filter(({ prefix }) => prefix !== 'R')
  const known = new Set(versioned.map(({ version }) => renderVersion(version)))
  const newest = versioned.at(-1)?.version ?? []
  const start = versioned.findLast(({ prefix }) => prefix === 'B')?.version ?? []
  const isMissed = (version: Version) =>
    compareVersions(version, newest) < 0 && compareVersions(version, start) > 0
  return [
    ...[...applied]
      .filter(([text]) => !known.has(text) && isMissed(parseVersion(text)))
      .map(([, name]) => name),
    ...[...checksums.keys()].filter(name => !scripts.some(({ key }) => key === name)),
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
): string | undefined {
  if (failed.length > 0)
    return `${renderSome(failed, 5)} failed before: Flyway goes no further until the database is put right and flyway repair has run.`
  if (strange.length > 0)
    return `${renderSome(strange, 5)} looks like a migration with a prefix of its own: what Flyway is configured to run nobody can tell.`
  if (missing.length > 0)
    return `${renderSome(missing, 5)} was applied, but is not in the project: Flyway refuses then, or its locations have other folders too.`
  if (unclear.length === 0) return undefined
  const names = unclear.map(({ name }) => name)
  return `Whether ${renderSome(names, 5)} changed cannot be told, because of the placeholders in it.`
}

function parseScripts(files: ProjectFiles, folder: string): readonly Script[] {
  return filesIn(files, folder).flatMap(({ name, text }) => {
    const [, prefix, version = '', description = ''] = SCRIPT.exec(name) ?? []
    if (prefix !== 'V' && prefix !== 'R' && prefix !== 'B') return []
    if ((prefix === 'R') !== (version === '')) return []
    return [
      {
        prefix,
        name,
        key: name.replace(/\.(?:java|kt)$/, ''),
        version: parseVersion(version),
        description,
        text,
      },
    ]
  })
}

/** Repeatable ones last, by description. */
function byVersion(a: Script, b: Script): number {
  if ((a.prefix === 'R') !== (b.prefix === 'R')) return a.prefix === 'R' ? 1 : -1
  return compareVersions(a.version, b.version) || (a.description < b.description ? -1 : 1)
}

/** `2.1`, `2_1` and `002.1.0` are the same. */
function parseVersion(text: string): Version {
  const parts = text.split(/[._]/).map(part => (/^\d+$/.test(part) ? BigInt(part) : 0n))
  return parts.slice(0, parts.findLastIndex(part => part !== 0n) + 1)
}

function renderVersion(version: Version): string {
  return version.join('.')
}

function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const [left, right] = [a[i] ?? 0n, b[i] ?? 0n]
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

/** The column `script` has the path below the location, and of code the class. */
function baseName(script: string | null | undefined): string {
  return (script ?? '').replace(/^.*[/\\]/, '').replace(/^.*\.(?=[VRBU][^.]*$)/, '')
}
