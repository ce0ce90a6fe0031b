import type { ArchiveEntry } from '../backup/archive-toc.ts'

/** The structure of an archive, cut so that most of it can be made side by side. */
interface SplitStructure {
  /** What depends on no table: schemas, types, most functions. */
  readonly first: readonly ArchiveEntry[]
  /** Tables with what belongs to them. No entry depends on one of another group. */
  readonly groups: ReadonlyArray<readonly ArchiveEntry[]>
  /** Views, functions over tables, and what depends on those. */
  readonly last: readonly ArchiveEntry[]
}

/** Making these reads nothing but what they depend on, which pg_dump notes for each. */
const PLAIN: ReadonlySet<string> = new Set([
  ...['TABLE', 'TABLE ATTACH', 'SEQUENCE', 'SEQUENCE OWNED BY', 'DEFAULT', 'COMMENT'],
])

/**
 * Cuts the structure, which is in an order in which everything stands after what it depends on. Each of the
 * three parts keeps that order, and may be restored once the part before it is there.
 */
export function splitStructure(structure: readonly ArchiveEntry[]): SplitStructure {
  const first: ArchiveEntry[] = []
  const last: ArchiveEntry[] = []
  const groups = new Groups()
  const isFirst = new Set<string>()
  const ids = new Set(structure.map(({ id }) => id))
  for (const entry of structure) {
    const inside = entry.dependsOn.filter(id => ids.has(id) && !isFirst.has(id))
    if (!inside.every(id => groups.has(id))) last.push(entry)
    else if (PLAIN.has(entry.kind)) groups.add(entry, inside)
    else if (inside.length > 0) last.push(entry)
    else {
      first.push(entry)
      isFirst.add(entry.id)
    }
  }
  return { first, groups: groups.inOrder(structure), last }
}

/** Deals groups out to lists of about the same length, at most `count` of them. */
export function dealGroups(
  groups: ReadonlyArray<readonly ArchiveEntry[]>,
  count: number,
): ReadonlyArray<readonly ArchiveEntry[]> {
  const lists = Array.from({ length: Math.min(count, groups.length) }, (): ArchiveEntry[] => [])
  for (const group of groups) {
    const shortest = lists.reduce((best, list) => (list.length < best.length ? list : best))
    for (const entry of group) shortest.push(entry)
  }
  return lists
}

/** Entries that depend on each other, directly or through others. */
class Groups {
  /** By the id of an entry, one that stands nearer to the root of its group, or the root itself. */
  readonly #parents = new Map<string, string>()

  has(id: string): boolean {
    return this.#parents.has(id)
  }

  add({ id }: ArchiveEntry, dependsOn: readonly string[]): void {
    this.#parents.set(id, id)
    for (const on of dependsOn) this.#parents.set(this.#rootOf(on), this.#rootOf(id))
  }

  inOrder(structure: readonly ArchiveEntry[]): ReadonlyArray<readonly ArchiveEntry[]> {
    const members = structure.filter(({ id }) => this.has(id))
    return [...Map.groupBy(members, ({ id }) => this.#rootOf(id)).values()]
  }

  #rootOf(id: string): string {
    let root = id
    for (let above = this.#parents.get(root); above !== root && above !== undefined; ) {
      // Halves the way for the next time.
      this.#parents.set(root, this.#parents.get(above) ?? above)
      root = above
      above = this.#parents.get(root)
    }
    return root
  }
}
