import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ArchiveEntry } from '../../../src/core/backup/archive-toc.ts'
import { dealGroups, splitStructure } from '../../../src/core/passes/split-structure.ts'
import { archiveEntry } from '../../support/samples/archive-entry.ts'

const on = (...dependsOn: readonly number[]) => ({ schema: 'public', dependsOn: dependsOn.map(String) })

const ids = (entries: readonly ArchiveEntry[]) => entries.map(({ id }) => Number(id))

const byNumber = (a: number, b: number) => a - b

/** What stands in a list before something that it depends on. */
function unmet(list: readonly ArchiveEntry[], before: readonly ArchiveEntry[]): readonly string[] {
  const made = new Set(before.map(({ id }) => id))
  return list.flatMap(({ id, dependsOn }) => {
    made.add(id)
    return dependsOn.filter(other => !made.has(other))
  })
}

describe('the structure in parts', () => {
  it('keeps a table with its sequence, default, comment, children and partitions', () => {
    const { first, groups, last } = splitStructure([
      archiveEntry(1, 'SCHEMA', 'app'),
      archiveEntry(2, 'TYPE', 'mood', on(1)),
      archiveEntry(3, 'TABLE', 'users', on(1, 2)),
      archiveEntry(4, 'COMMENT', 'TABLE users', on(3)),
      archiveEntry(5, 'SEQUENCE', 'users_id_seq', on(1)),
      archiveEntry(6, 'TABLE', 'orders', on(1)),
      archiveEntry(7, 'TABLE', 'orders_2026', on(1)),
      archiveEntry(8, 'TABLE', 'old_users', on(3)),
      archiveEntry(9, 'SEQUENCE OWNED BY', 'users_id_seq', on(5, 3)),
      archiveEntry(10, 'DEFAULT', 'users id', on(3, 5)),
      archiveEntry(11, 'TABLE ATTACH', 'orders_2026', on(6, 7)),
    ])
    expect(ids(first)).toEqual([1, 2])
    expect(groups.map(ids)).toEqual([
      [3, 4, 5, 8, 9, 10],
      [6, 7, 11],
    ])
    expect(last).toEqual([])
  })

  it('leaves views, functions over tables and what needs them for the end', () => {
    const { first, groups, last } = splitStructure([
      archiveEntry(1, 'FUNCTION', 'next_id()', on()),
      archiveEntry(2, 'TABLE', 'users', on(1)),
      archiveEntry(3, 'VIEW', 'active_users', on(2)),
      archiveEntry(4, 'FUNCTION', 'first_user()', on(2)),
      archiveEntry(5, 'TABLE', 'audit', on(4)),
      archiveEntry(6, 'COMMENT', 'VIEW active_users', on(3)),
      archiveEntry(7, 'FOREIGN TABLE', 'far', on()),
      archiveEntry(8, 'TABLE', 'child_of_far', on(7)),
      archiveEntry(9, 'TABLE', 'ahead_of_its_type', on(10)),
      archiveEntry(10, 'TYPE', 'late', on()),
    ])
    expect(ids(first)).toEqual([1, 7, 10])
    expect(groups.map(ids)).toEqual([[2], [8]])
    expect(ids(last)).toEqual([3, 4, 5, 6, 9])
  })

  it('has everything after what it depends on, in every list, for any dependences', () => {
    const kinds = ['TABLE', 'VIEW', 'FUNCTION', 'SEQUENCE', 'DEFAULT', 'TYPE', 'COMMENT']
    const anyEntry = fc.record({
      kind: fc.constantFrom(...kinds),
      back: fc.array(fc.nat(40), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 40 }), drawn => {
        const structure = drawn.map(({ kind, back }, at) =>
          archiveEntry(at + 1, kind, `e${at}`, on(...back.map(far => at - far).filter(id => id > 0))),
        )
        const { first, groups, last } = splitStructure(structure)
        const lists = dealGroups(groups, 3)
        expect(ids([...first, ...lists.flat(), ...last]).toSorted(byNumber)).toEqual(ids(structure))
        expect(ids(first)).toEqual(ids(first).toSorted(byNumber))
        expect(ids(last)).toEqual(ids(last).toSorted(byNumber))
        for (const list of lists) expect(unmet(list, first)).toEqual([])
        expect(unmet([...first, ...lists.flat(), ...last], [])).toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it('deals groups out evenly, to no more lists than there are', () => {
    const table = (id: number) => archiveEntry(id, 'TABLE', `t${id}`)
    const groups = [[table(1), table(2), table(3)], [table(4)], [table(5)], [table(6)]]
    expect(dealGroups(groups, 2).map(ids)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect(dealGroups(groups, 9)).toHaveLength(4)
    expect(dealGroups([], 2)).toEqual([])
  })
})
