import { byKey, keyOf } from '../pg/qualified-name.ts'
import type { TableName } from './selection.ts'

/** A foreign key: rows of one table point to rows of another. */
export interface Reference {
  readonly from: TableName
  readonly to: TableName
}

/** The tables, each behind those that it refers to; those that refer to each other in a circle somehow. */
export function inReferenceOrder<T extends TableName>(
  tables: readonly T[],
  references: readonly Reference[],
): readonly T[] {
  const known = byKey(tables)
  const targets = Map.groupBy(references, ({ from }) => keyOf(from))
  const ordered: T[] = []
  const seen = new Set<T>()
  const place = (table: T): void => {
    if (seen.has(table)) return
    seen.add(table)
    for (const { to } of targets.get(keyOf(table)) ?? []) {
      const target = known.get(keyOf(to))
      if (target !== undefined) place(target)
    }
    ordered.push(table)
  }
  tables.forEach(place)
  return ordered
}
