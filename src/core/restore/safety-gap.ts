import type { Manifest, ObjectCounts } from '../backup/manifest.ts'
import { keyOf, type QualifiedName } from '../pg/qualified-name.ts'
import { renderAmount, renderName } from '../text/counts.ts'

/** What a database holds, by name and by count. */
export interface Inventory {
  readonly tables: readonly QualifiedName[]
  readonly sequences: readonly QualifiedName[]
  readonly objects: ObjectCounts
}

/**
 * What was created or dropped after the snapshot of the safety backup, which a replacement would lose for
 * good: `table later`, `2 views where the safety backup has 1`. Rows of the tables that were there cannot
 * have changed: they were locked before the snapshot. Of a large object the content is not looked at, and a
 * sequence that has only moved on is not a loss.
 */
export function safetyGap({ fingerprint }: Manifest, now: Inventory): readonly string[] {
  return [
    ...differing('table', fingerprint.tables, now.tables),
    ...differing('sequence', fingerprint.sequences, now.sequences),
    ...(fingerprint.objects === null ? [] : countsDiffering(fingerprint.objects, now.objects)),
  ]
}

function differing(
  what: string,
  saved: readonly QualifiedName[],
  now: readonly QualifiedName[],
): readonly string[] {
  const savedKeys = new Set(saved.map(keyOf))
  const nowKeys = new Set(now.map(keyOf))
  return [
    ...now.filter(item => !savedKeys.has(keyOf(item))).map(item => `${what} ${renderName(item)}`),
    ...saved.filter(item => !nowKeys.has(keyOf(item))).map(item => `${what} ${renderName(item)} (dropped)`),
  ]
}

const NOUNS: Readonly<Record<keyof ObjectCounts, readonly [string, string]>> = {
  indexes: ['index', 'indexes'],
  constraints: ['constraint', 'constraints'],
  triggers: ['trigger', 'triggers'],
  functions: ['function', 'functions'],
  policies: ['policy', 'policies'],
  views: ['view', 'views'],
  largeObjects: ['large object', 'large objects'],
}

function countsDiffering(saved: ObjectCounts, now: ObjectCounts): readonly string[] {
  return Object.entries(NOUNS).flatMap(([key, [noun, plural]]) => {
    const kind = key as keyof ObjectCounts
    return saved[kind] === now[kind]
      ? []
      : [`${renderAmount(now[kind], noun, plural)} where the safety backup has ${saved[kind]}`]
  })
}
