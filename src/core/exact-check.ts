import type { Check } from './check.ts'
import { definitionChecks, type RestoredDefinitions } from './check-definitions.ts'
import { byKey, keyOf } from './check-key.ts'
import { largeObjectChecks } from './check-large-objects.ts'
import { extensionChecks, objectChecks } from './check-objects.ts'
import { type RestoredSequence, sequenceChecks } from './check-sequences.ts'
import { renderAmount, renderDifference, renderName } from './check-text.ts'
import {
  countRows,
  type Extension,
  type Manifest,
  type ObjectCounts,
  type TableFingerprint,
} from './manifest.ts'

/** What a restored database holds, read in the same way and at the same level as the manifest was. */
export interface RestoredContent extends RestoredDefinitions {
  readonly tables: readonly TableFingerprint[]
  /** As readSequences gives them. */
  readonly sequences: ReadonlyMap<string, RestoredSequence>
  readonly extensions: readonly Extension[]
  readonly objects: ObjectCounts
  /** Null where they were not or could not be read. */
  readonly largeObjectsHash: string | null
}

/** Digits of a content hash that are shown: enough to tell two apart, few enough for a table. */
const HASH_SHOWN = 12

/**
 * Compares everything that the manifest knows with what came back. Any difference is a failure of its own that names
 * the object, what was expected and what was found; what agrees is one line a table, and one line a kind for the rest.
 *
 * Tables and sequences are of group `exact`. Extensions, counts and definitions of objects are of group `structure`: they hold no
 * data, so that alone they do not make a drill pass.
 */
export function exactChecks(manifest: Manifest, found: RestoredContent): readonly Check[] {
  const { level, tables, sequences, objects } = manifest.fingerprint
  const structure = [
    ...extensionChecks(manifest, found.extensions),
    ...(objects === null ? [] : objectChecks(objects, found.objects, manifest.server.version)),
    ...definitionChecks(manifest, found),
  ]
  if (level === 'none') return [notCounted(found.tables), ...structure]
  return [
    ...tableChecks(tables, found.tables),
    ...sequenceChecks(sequences, found.sequences),
    ...largeObjectChecks(manifest, found),
    ...structure,
  ]
}

function notCounted(found: readonly TableFingerprint[]): Check {
  return {
    group: 'exact',
    name: 'all tables',
    verdict: 'not-measured',
    expected: 'unknown: the manifest counted no rows',
    found: summarize(found),
    note: 'The backup was taken with fingerprint: none. Take it with counts or content to compare it exactly.',
  }
}

function tableChecks(
  expected: readonly TableFingerprint[],
  found: readonly TableFingerprint[],
): readonly Check[] {
  const restored = byKey(found)
  const known = byKey(expected)
  const checks = [
    ...expected.map(table => tableCheck(table, restored.get(keyOf(table)))),
    ...found.filter(table => !known.has(keyOf(table))).map(unexpectedTable),
  ]
  if (checks.some(({ verdict }) => verdict === 'fail')) return checks
  const all = { expected: summarize(expected), found: summarize(found) }
  return [{ group: 'exact', name: 'all tables', verdict: 'pass', ...all, note: null }, ...checks]
}

function summarize(tables: readonly TableFingerprint[]): string {
  return `${renderAmount(countRows(tables), 'row')} in ${renderAmount(tables.length, 'table')}`
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

function unexpectedTable(table: TableFingerprint): Check {
  return {
    group: 'exact',
    name: `table ${renderName(table)}`,
    verdict: 'fail',
    expected: 'no such table',
    found: renderAmount(table.rows, 'row'),
    note: 'The manifest does not list it: the database was not empty before the restore, or the manifest belongs to another archive.',
  }
}
