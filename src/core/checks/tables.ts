import { countRows, type Extension, type Manifest, type TableFingerprint } from '../backup/manifest.ts'
import { byKey, keyOf, type QualifiedName } from '../pg/qualified-name.ts'
import { renderAmount, renderDifference, renderName } from '../text/counts.ts'
import type { Check } from './check.ts'

/** The tables of a restored database, and what it takes to judge those that the manifest does not list. */
export interface RestoredTables {
  readonly tables: readonly TableFingerprint[]
  readonly unloggedTables: readonly { readonly schema: string; readonly name: string }[]
  readonly extensions: readonly Extension[]
}

/** The name of the check over all of them. */
export const ALL_TABLES = 'all tables'

/** Digits of a content hash that are shown: enough to tell two apart, few enough for a table. */
const HASH_SHOWN = 12

/** As many as a summary shows: a record of thousands of tables does not repeat what the manifest says. */
const LISTED = 40

/**
 * A line for each table that differs, or one over all when none does. Tables that agree have a line of their
 * own only where they are few.
 */
export function tableChecks(manifest: Manifest, found: RestoredTables): readonly Check[] {
  const trees = treesOf(manifest.fingerprint.tables)
  const expected = sumTrees(manifest.fingerprint.tables, trees)
  const restored = byKey(sumTrees(found.tables, trees))
  const known = byKey(expected)
  const checks = [
    ...expected.map(table =>
      unlessUpdated(tableCheck(table, restored.get(keyOf(table))), table, manifest, found),
    ),
    ...[...restored.values()]
      .filter(table => !known.has(keyOf(table)))
      .map(table => unexpectedTable(table, manifest, found)),
  ]
  const shown = checks.length > LISTED ? checks.filter(({ verdict }) => verdict !== 'pass') : checks
  if (checks.some(({ verdict }) => verdict === 'fail')) return [...shown, ...othersAgree(checks, shown)]
  const listed = [...restored.values()].filter(table => known.has(keyOf(table)))
  const all = { expected: summarizeTables(expected), found: summarizeTables(listed) }
  return [{ group: 'exact', name: ALL_TABLES, verdict: 'pass', ...all, note: null }, ...shown]
}

/** One line over the tables that agree and are not shown. */
function othersAgree(checks: readonly Check[], shown: readonly Check[]): readonly Check[] {
  const count = checks.length - shown.length
  if (count === 0) return []
  const found = renderAmount(count, 'table')
  return [
    { group: 'exact', name: 'other tables', verdict: 'pass', expected: found, found: 'the same', note: null },
  ]
}

export function summarizeTables(tables: readonly TableFingerprint[]): string {
  return `${renderAmount(countRows(tables), 'row')} in ${renderAmount(tables.length, 'table')}`
}

/** The key of the partitioned table by the keys of those whose rows may move within it. */
function treesOf(tables: readonly TableFingerprint[]): ReadonlyMap<string, QualifiedName> {
  return new Map(
    tables.flatMap(table => (table.movesWithin === null ? [] : [[keyOf(table), table.movesWithin] as const])),
  )
}

/**
 * Partitions between which rows may move are one table: the sum of their rows and of their content hashes.
 */
function sumTrees(
  tables: readonly TableFingerprint[],
  trees: ReadonlyMap<string, QualifiedName>,
): readonly TableFingerprint[] {
  const sums = new Map<string, TableFingerprint>()
  for (const table of tables) {
    const root = trees.get(keyOf(table))
    const key = keyOf(root ?? table)
    const sum = sums.get(key)
    const whole = root === undefined ? table : { ...table, ...root, newest: null }
    sums.set(key, sum === undefined ? whole : addTables(sum, whole))
  }
  return [...sums.values()]
}

function addTables(a: TableFingerprint, b: TableFingerprint): TableFingerprint {
  const contentHash =
    a.contentHash === null || b.contentHash === null ? null : addHashes(a.contentHash, b.contentHash)
  return { ...a, rows: a.rows + b.rows, contentHash }
}

/** Two sums of 64 bits each, as 32 hex digits. */
function addHashes(a: string, b: string): string {
  const half = (hash: string, at: number) => BigInt(`0x${hash.slice(at, at + 16)}`)
  return [0, 16]
    .map(at => BigInt.asUintN(64, half(a, at) + half(b, at)))
    .map(sum => sum.toString(16).padStart(16, '0'))
    .join('')
}

/** Another version of an extension may take other rows for its own, and they do not come from the archive. */
function unlessUpdated(
  check: Check,
  { extension: name }: TableFingerprint,
  { server }: Manifest,
  { extensions }: RestoredTables,
): Check {
  if (name === null || check.verdict === 'pass') return check
  const version = (all: readonly Extension[]) => all.find(extension => extension.name === name)?.version
  const [before, now] = [version(server.extensions), version(extensions)]
  if (now === undefined || before === now) return check
  const note = `Extension ${name} is of version ${now} here and was of ${before}: other rows may be its own.`
  return { ...check, verdict: 'information', note }
}

function tableCheck(expected: TableFingerprint, found: TableFingerprint | undefined): Check {
  const subject = { group: 'exact', name: `table ${renderName(expected)}` } as const
  const rows = renderAmount(expected.rows, 'row')
  if (found === undefined) {
    const note = 'The archive did not bring it back.'
    return { ...subject, verdict: 'fail', expected: rows, found: 'no such table', note }
  }
  const rowsDiffer = expected.rows !== found.rows
  // With other rows the content differs as a matter of course: its hash would say nothing.
  const content = rowsDiffer ? [] : [contentFacet(expected, found)]
  const facets = [newestFacet(expected, found), ...content]
  // What agrees is not repeated where something else does not: the difference is what has to be seen.
  const differing = facets.filter(facet => facet.expected !== facet.found)
  const failed = rowsDiffer || differing.length > 0
  const shown = (failed ? differing : facets).filter(facet => facet.expected !== '')
  const difference = rowsDiffer ? ` (${renderDifference(found.rows, expected.rows)})` : ''
  return {
    ...subject,
    verdict: failed ? 'fail' : 'pass',
    expected: [rows, ...shown.map(facet => facet.expected)].join(', '),
    found: [renderAmount(found.rows, 'row') + difference, ...shown.map(facet => facet.found)].join(', '),
    note: failed && !rowsDiffer ? 'As many rows as in the backup, but not the same ones.' : null,
  }
}

/** One aspect of a table as text on both sides; both empty where the manifest does not know it. */
interface Facet {
  readonly expected: string
  readonly found: string
}

function newestFacet(expected: TableFingerprint, found: TableFingerprint): Facet {
  if (expected.newest === null) return { expected: '', found: '' }
  return { expected: renderNewest(expected), found: renderNewest(found) }
}

function renderNewest({ newest }: TableFingerprint): string {
  if (newest === null) return 'no time column'
  return `newest ${newest.column} ${newest.value ?? 'none'}`
}

function contentFacet({ contentHash: expected }: TableFingerprint, found: TableFingerprint): Facet {
  if (expected === null) return { expected: '', found: '' }
  // Reading at a lower level than the manifest's must not look like agreement.
  if (found.contentHash === null)
    return { expected: `content ${expected.slice(0, HASH_SHOWN)}`, found: 'content not read' }
  const looksAlike = expected.slice(0, HASH_SHOWN) === found.contentHash.slice(0, HASH_SHOWN)
  const digits = looksAlike && expected !== found.contentHash ? expected.length : HASH_SHOWN
  return {
    expected: `content ${expected.slice(0, digits)}`,
    found: `content ${found.contentHash.slice(0, digits)}`,
  }
}

/**
 * What the manifest does not list and no archive brings: rows of extensions, and unlogged tables, which a
 * standby cannot read.
 */
function unexpectedTable(table: TableFingerprint, { server }: Manifest, found: RestoredTables): Check {
  const isUnread = server.isStandby && table.rows === 0 && byKey(found.unloggedTables).has(keyOf(table))
  const expected = { group: 'exact', name: `table ${renderName(table)}`, expected: 'no such table' } as const
  const what = { ...expected, found: renderAmount(table.rows, 'row') }
  if (table.extension !== null)
    return {
      ...what,
      verdict: 'information',
      note: `Of extension ${table.extension}. The manifest does not list it: an older pg-runbook made the backup, or the extension has another version.`,
    }
  if (isUnread)
    return {
      ...what,
      verdict: 'information',
      note: 'It is unlogged. The backup was made of a standby, which does not have its rows.',
    }
  return {
    ...what,
    verdict: 'fail',
    note: 'The manifest does not list it: the database was not empty before the restore, or the manifest belongs to another archive.',
  }
}
