import { type Location, renderDrillId } from '../backup/bucket-layout.ts'
import type { Manifest } from '../backup/manifest.ts'
import type { Check } from '../checks/check.ts'
import { exactChecks, type RestoredContent } from '../checks/compare-manifest.ts'

/** A manifest of which only the structure is compared: the rows show another time. */
export function withoutRowCounts(manifest: Manifest): Manifest {
  return { ...manifest, fingerprint: { ...manifest.fingerprint, level: 'none' } }
}

/**
 * Checks of a database that another tool restored, to another time than that of the backup. Its structure is
 * shown for information: a migration may lie between the two. Rows are judged by criteria alone.
 */
export function restoredDatabaseChecks(
  manifest: Manifest,
  found: RestoredContent,
  structure: readonly Check[],
): readonly Check[] {
  const compared = exactChecks(withoutRowCounts(manifest), found).filter(({ group }) => group !== 'exact')
  return [
    {
      group: 'restore',
      name: 'restore',
      verdict: 'information',
      expected: 'restored by another tool',
      found: `${found.tables.length} tables`,
      note: null,
    },
    {
      group: 'exact',
      name: 'rows of all tables',
      verdict: 'not-measured',
      expected: `as in ${manifest.backup.id}`,
      found: 'a state of another time',
      note: 'Rows cannot be compared exactly with a backup of another time. Criteria with tolerances judge them.',
    },
    ...[...compared, ...structure].map(check => ({ ...check, verdict: 'information' }) as const),
  ]
}

/**
 * `recoveries/<database>/20261201T040000Z-1a2b3c4d.json`. Not below drills/: what reads those takes them for
 * proof of the backups in the bucket, and such a drill says nothing about them.
 */
export function restoredDrillKey({ prefix, database }: Location, instant: Date, nonce: string): string {
  return `${prefix === '' ? '' : `${prefix}/`}recoveries/${database}/${renderDrillId(instant, nonce)}.json`
}
