import { byKey, keyOf, type QualifiedName } from '../pg/qualified-name.ts'

/** Rows of one table point to rows of another. */
export interface ForeignKey {
  readonly from: QualifiedName
  readonly to: QualifiedName
}

/** The tables, each after those it refers to. Tables in a cycle come in any order. */
export function inForeignKeyOrder<T extends QualifiedName>(
  tables: readonly T[],
  foreignKeys: readonly ForeignKey[],
): readonly T[] {
  const known = byKey(tables)
  const targets = Map.groupBy(foreignKeys, ({ from }) => keyOf(from))
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
