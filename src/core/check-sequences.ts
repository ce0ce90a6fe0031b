import type { Check } from './check.ts'
import { byKey, keyOf } from './check-key.ts'
import { renderAmount, renderName } from './check-text.ts'
import type { SequenceFingerprint } from './manifest.ts'

export interface RestoredSequence {
  readonly schema: string
  readonly name: string
  /** A decimal text; null was never used. */
  readonly value: string | null
}

/** Each sequence that is not where the backup may have left it, or one line when all are. None without sequences. */
export function sequenceChecks(
  expected: readonly SequenceFingerprint[],
  found: ReadonlyMap<string, RestoredSequence>,
): readonly Check[] {
  const restored = byKey([...found.values()])
  const known = byKey(expected)
  const failures = [
    ...expected.flatMap(sequence => sequenceFailure(sequence, restored.get(keyOf(sequence)))),
    ...[...restored.values()].filter(sequence => !known.has(keyOf(sequence))).map(unexpectedSequence),
  ]
  if (failures.length > 0 || expected.length === 0) return failures
  const all = `${renderAmount(expected.length, 'sequence')} where the backup left them`
  return [{ group: 'exact', name: 'sequences', verdict: 'pass', expected: all, found: all, note: null }]
}

function sequenceFailure(
  expected: SequenceFingerprint,
  found: RestoredSequence | undefined,
): readonly Check[] {
  if (found !== undefined && isBetween(found.value, expected)) return []
  const { atSnapshot, atEnd } = expected
  const range = `${atSnapshot ?? 'never used'} to ${atEnd ?? 'never used'}`
  return [
    {
      group: 'exact',
      name: `sequence ${renderName(expected)}`,
      verdict: 'fail',
      expected: atSnapshot === atEnd ? (atEnd ?? 'never used') : range,
      found: found === undefined ? 'no such sequence' : (found.value ?? 'never used'),
      note:
        found === undefined
          ? null
          : 'New rows would get numbers that the backup had given out, or skip some.',
    },
  ]
}

/**
 * From the value at the snapshot to the value at the end, whichever is greater: a sequence may count down, or be set
 * back while pg_dump runs. Never used at the snapshot means that any value on the way from zero may be in the archive.
 */
function isBetween(value: string | null, { atSnapshot, atEnd }: SequenceFingerprint): boolean {
  if (value === atSnapshot || value === atEnd) return true
  if (value === null || atEnd === null) return false
  const [a, b, v] = [BigInt(atSnapshot ?? 0), BigInt(atEnd), BigInt(value)]
  return a < b ? a <= v && v <= b : b <= v && v <= a
}

function unexpectedSequence(sequence: RestoredSequence): Check {
  return {
    group: 'exact',
    name: `sequence ${renderName(sequence)}`,
    verdict: 'fail',
    expected: 'no such sequence',
    found: sequence.value ?? 'never used',
    note: 'The manifest does not list it.',
  }
}
