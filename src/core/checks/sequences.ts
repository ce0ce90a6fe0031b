import type { Manifest, SequenceFingerprint } from '../backup/manifest.ts'
import { byKey, keyOf } from '../pg/qualified-name.ts'
import { renderAmount, renderName, renderSome } from '../text/counts.ts'
import type { Check } from './check.ts'

export interface RestoredSequence {
  readonly schema: string
  readonly name: string
  /** The last value given out, a decimal text; null was never used. */
  readonly value: string | null
  /** What one that was never used gives out first; null for any other. */
  readonly next: string | null
  /** An extension keeps its state in it: another version of the extension may have others. */
  readonly isConfiguration: boolean
}

/**
 * Each sequence that is not where the backup may have left it, or one line when all are. None without
 * sequences.
 */
export function sequenceChecks(
  { backup, fingerprint: { sequences: expected } }: Manifest,
  found: ReadonlyMap<string, RestoredSequence>,
): readonly Check[] {
  const restored = byKey([...found.values()])
  const known = byKey(expected)
  const unexpected = [...restored.values()].filter(
    sequence => !known.has(keyOf(sequence)) && !sequence.isConfiguration,
  )
  const isPartial = backup.kind === 'partial'
  const failures = [
    ...expected.flatMap(sequence => sequenceFailure(sequence, restored.get(keyOf(sequence)))),
    ...(isPartial ? [] : unexpected.map(unexpectedSequence)),
  ]
  const unknown = isPartial && unexpected.length > 0 ? [unknownSequences(unexpected)] : []
  if (failures.length > 0 || expected.length === 0) return [...failures, ...unknown]
  const all = `${renderAmount(expected.length, 'sequence')} where the backup left them`
  return [
    { group: 'exact', name: 'sequences', verdict: 'pass', expected: all, found: all, note: null },
    ...unknown,
  ]
}

/**
 * The manifest of a partial backup knows the sequences of its tables; pg_dump also takes those that its
 * patterns name.
 */
function unknownSequences(sequences: readonly RestoredSequence[]): Check {
  return {
    group: 'exact',
    name: 'other sequences',
    verdict: 'information',
    expected: 'unknown: the manifest lists those of its tables only',
    found: renderSome(sequences.map(renderName)),
    note: null,
  }
}

function sequenceFailure(
  expected: SequenceFingerprint,
  found: RestoredSequence | undefined,
): readonly Check[] {
  if (found !== undefined && mayBe(found, expected)) return []
  const { start, end } = statesOf(expected)
  const [first, last] = [renderState(start), renderState(end)]
  return [
    {
      group: 'exact',
      name: `sequence ${renderName(expected)}`,
      verdict: 'fail',
      expected: first === last ? last : `${first} to ${last}`,
      found: found === undefined ? 'no such sequence' : renderState(found),
      note:
        found === undefined
          ? null
          : 'New rows would get numbers that the backup had given out, or skip some.',
    },
  ]
}

type State = Pick<RestoredSequence, 'value' | 'next'>

function statesOf(expected: SequenceFingerprint): { readonly start: State; readonly end: State } {
  const { atSnapshot, atEnd, nextAtSnapshot, nextAtEnd } = expected
  return { start: { value: atSnapshot, next: nextAtSnapshot }, end: { value: atEnd, next: nextAtEnd } }
}

/**
 * From the value at the snapshot to the value at the end, in either order: a sequence may count down, or
 * be set back while pg_dump runs. Never used at the snapshot means that any value on the way from its first
 * may be in the archive. One that cycles may have turned round on the way, and then it may have any value.
 */
function mayBe(found: State, expected: SequenceFingerprint): boolean {
  const { start, end } = statesOf(expected)
  if (isSame(found, start) || isSame(found, end)) return true
  if (found.value === null || end.value === null) return false
  if (expected.cycles && start.value !== end.value) return true
  const [a, b, v] = [BigInt(start.value ?? start.next ?? 0), BigInt(end.value), BigInt(found.value)]
  return a < b ? a <= v && v <= b : b <= v && v <= a
}

/** Older manifests do not know what a sequence gives out first. */
function isSame(found: State, expected: State): boolean {
  if (found.value !== null || expected.value !== null) return found.value === expected.value
  return expected.next === null || found.next === expected.next
}

function renderState({ value, next }: State): string {
  return value ?? (next === null ? 'never used' : `never used, first ${next}`)
}

function unexpectedSequence(sequence: RestoredSequence): Check {
  return {
    group: 'exact',
    name: `sequence ${renderName(sequence)}`,
    verdict: 'fail',
    expected: 'no such sequence',
    found: renderState(sequence),
    note: 'The manifest does not list it.',
  }
}
