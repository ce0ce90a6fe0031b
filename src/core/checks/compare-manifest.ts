import {
  countRows,
  type Extension,
  type Manifest,
  type ObjectCounts,
  type TableFingerprint,
} from '../backup/manifest.ts'
import type { Check } from './check.ts'
import { definitionChecks, type RestoredDefinitions } from './definitions.ts'
import { largeObjectChecks } from './large-objects.ts'
import { extensionChecks, objectChecks } from './objects.ts'
import { type RestoredSequence, sequenceChecks } from './sequences.ts'
import { ALL_TABLES, type RestoredTables, summarizeTables, tableChecks } from './tables.ts'

/** What a restored database holds, read in the same way and at the same level as the manifest was. */
export interface RestoredContent extends RestoredTables, RestoredDefinitions {
  /** As readSequences gives them. */
  readonly sequences: ReadonlyMap<string, RestoredSequence>
  readonly extensions: readonly Extension[]
  readonly objects: ObjectCounts
  /** Null where they were not or could not be read. */
  readonly largeObjectsHash: string | null
}

/**
 * Compares everything that the manifest knows with what came back. Any difference is a failure of its own
 * that names the object, what was expected and what was found; what agrees is one line for each of a few
 * tables, and one line a kind for the rest.
 *
 * Tables and sequences are of group `exact`. Extensions, counts and definitions of objects are of group
 * `structure`: they hold no data, so that alone they do not make a drill pass.
 */
export function exactChecks(manifest: Manifest, found: RestoredContent): readonly Check[] {
  const { level, objects } = manifest.fingerprint
  const structure = [
    ...extensionChecks(manifest, found.extensions),
    ...(objects === null ? [] : objectChecks(objects, found.objects, manifest.server.version)),
    ...definitionChecks(manifest, found),
  ]
  if (level === 'none') return [notCounted(found.tables), ...structure]
  const data = [...tableChecks(manifest, found), ...sequenceChecks(manifest, found.sequences)]
  const isEmpty = countRows(manifest.fingerprint.tables) + countRows(found.tables) === 0
  return [...(isEmpty ? withoutRows(data) : data), ...largeObjectChecks(manifest, found), ...structure]
}

/**
 * That tables are there and sequences stand where they did shows nothing of data: it is of the structure, and
 * does not make a drill pass.
 */
function withoutRows(checks: readonly Check[]): readonly Check[] {
  if (checks.some(({ verdict }) => verdict === 'fail')) return checks
  const empty: Check = {
    group: 'exact',
    name: ALL_TABLES,
    verdict: 'not-measured',
    expected: 'rows to compare',
    found: 'no row in any table, as in the backup',
    note: 'The database was empty when the backup was taken, so that nothing shows whether rows come back. Drill a backup of one that holds data, or write criteria.',
  }
  const others = checks.filter(({ name }) => name !== ALL_TABLES)
  return [empty, ...others.map(check => ({ ...check, group: 'structure' }) as const)]
}

function notCounted(found: readonly TableFingerprint[]): Check {
  return {
    group: 'exact',
    name: ALL_TABLES,
    verdict: 'not-measured',
    expected: 'unknown: the manifest counted no rows',
    found: summarizeTables(found),
    note: 'The backup was taken with fingerprint: none. Take it with counts or content to compare it exactly.',
  }
}
