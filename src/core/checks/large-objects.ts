import type { Manifest } from '../backup/manifest.ts'
import { renderAmount } from '../text/counts.ts'
import type { Check } from './check.ts'

/** Digits that are shown: enough to tell two apart. */
const HASH_SHOWN = 12

/**
 * The bytes of the large objects; how many there are is counted with the other objects. None where the backup
 * has none.
 */
export function largeObjectChecks(
  { fingerprint }: Manifest,
  { largeObjectsHash: found }: { readonly largeObjectsHash: string | null },
): readonly Check[] {
  const { objects, level, largeObjectsHash: expected } = fingerprint
  if (objects === null || objects.largeObjects === 0) return []
  const subject = { group: 'exact', name: 'large objects' } as const
  const amount = renderAmount(objects.largeObjects, 'large object')
  if (expected === null || found === null)
    return [
      {
        ...subject,
        verdict: 'information',
        expected: amount,
        found: 'their content was not compared',
        note: whyNot(level, expected),
      },
    ]
  return [
    {
      ...subject,
      verdict: expected === found ? 'pass' : 'fail',
      expected: `${amount}, content ${expected.slice(0, HASH_SHOWN)}`,
      found: `content ${found.slice(0, HASH_SHOWN)}`,
      note: expected === found ? null : 'At least one of them has other bytes, or another number.',
    },
  ]
}

function whyNot(level: Manifest['fingerprint']['level'], expected: string | null): string {
  if (expected !== null) return 'This role may not read all of them, or there are none.'
  return level === 'content'
    ? 'The manifest does not know it: an older pg-runbook made the backup.'
    : 'Take backups with fingerprint: content to compare it.'
}
