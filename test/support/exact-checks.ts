import type { Manifest } from '../../src/core/backup/manifest.ts'
import type { Check } from '../../src/core/checks/check.ts'
import type { RestoredContent } from '../../src/core/checks/compare-manifest.ts'
import type { RestoredSequence } from '../../src/core/checks/sequences.ts'
import { SAMPLE } from './samples/manifest.ts'

/** What came back of the sample: what its manifest says, but for what is given. */
export function restored(changes: Partial<RestoredContent> = {}): RestoredContent {
  return {
    tables: SAMPLE.fingerprint.tables,
    sequences: sequences('20001', null),
    extensions: SAMPLE.server.extensions,
    objects: {
      indexes: 9,
      constraints: 7,
      triggers: 2,
      functions: 1,
      policies: 0,
      views: 2,
      largeObjects: 0,
    },
    serverMajor: 18,
    unloggedTables: [],
    definitions: null,
    largeObjectsHash: null,
    ...changes,
  }
}

/** The sequences of the sample, with their last values; null for one that was never used. */
export function sequences(
  users: string | null,
  unused: string | null,
): ReadonlyMap<string, RestoredSequence> {
  return new Map([
    [
      'public.users_id_seq',
      { schema: 'public', name: 'users_id_seq', value: users, next: null, isConfiguration: false },
    ],
    [
      'public.unused_seq',
      { schema: 'public', name: 'unused_seq', value: unused, next: null, isConfiguration: false },
    ],
  ])
}

/** The sample manifest with another fingerprint. */
export function withFingerprint(changes: Partial<Manifest['fingerprint']>): Manifest {
  return { ...SAMPLE, fingerprint: { ...SAMPLE.fingerprint, ...changes } }
}

export function failures(checks: readonly Check[]): readonly Check[] {
  return checks.filter(({ verdict }) => verdict === 'fail')
}

/** Each failure on a line, as an operator reads it. */
export function failureLines(checks: readonly Check[]): readonly string[] {
  return failures(checks).map(({ name, expected, found }) => `${name}: ${expected} | ${found}`)
}
