import { describe, expect, it } from 'vitest'
import { type RowFacts, rowProblems, rowWarnings } from '../../../src/core/restore/row-problems.ts'

const NONE: RowFacts = { triggers: [], staleViews: [], unstablePartitions: [], referringTables: [] }
const triggered: RowFacts = {
  ...NONE,
  triggers: [{ table: { schema: 'audit', name: 'log' }, name: 'guard', state: 'O', firesOnInsert: true }],
}

describe('replaced rows', () => {
  it('are no problem where nothing fires and nothing moves', () => {
    expect(rowProblems(NONE, undefined)).toEqual([])
    expect(rowWarnings(NONE, 'fire')).toEqual([])
  })

  it('that fire triggers need a choice of the operator', () => {
    expect(rowProblems(triggered, undefined)).toMatchObject([
      {
        message: 'the rows to be replaced would fire triggers: audit.log: guard',
        hint: expect.stringMatching(/^Set triggers: off .*, or triggers: fire /),
      },
    ])
    expect(rowWarnings(triggered, undefined)).toEqual([])
  })

  it.each([
    [
      'off',
      'These triggers are switched off for the restored rows, and get their state back: audit.log: guard.',
    ],
    ['fire', 'These triggers fire for the restored rows: audit.log: guard.'],
  ] as const)('with triggers: %s are announced', (choice, warning) => {
    expect(rowProblems(triggered, choice)).toEqual([])
    expect(rowWarnings(triggered, choice)).toEqual([warning])
  })

  it('of partitions by the hash of an enum may belong elsewhere, whatever the choice', () => {
    const facts = { ...NONE, unstablePartitions: [{ schema: 'public', name: 'orders_1' }] }
    const [problem, ...more] = rowProblems(facts, 'off')
    expect(more).toEqual([])
    expect(problem?.message).toContain('rows of orders_1 may belong to other partitions here')
    expect(problem?.hint).toContain('Name all partitions of the tree in tables')
  })

  it('to which other tables refer cannot be removed alone', () => {
    const facts = { ...NONE, referringTables: [{ schema: 'public', name: 'chapters' }] }
    const [problem, ...more] = rowProblems(facts, 'off')
    expect(more).toEqual([])
    expect(problem?.message).toContain('rows of chapters refer to')
    expect(problem?.hint).toContain('Name these tables in tables too')
  })

  it('leave views stale, with SQL that can be pasted', () => {
    const staleViews = [
      { schema: 'public', name: 'a"b' },
      { schema: 'S', name: 'c\nd' },
    ]
    expect(rowWarnings({ ...NONE, staleViews }, undefined)).toEqual([
      'These materialised views show the old rows until they are refreshed: REFRESH MATERIALIZED VIEW "public"."a""b"; REFRESH MATERIALIZED VIEW "S".U&"c\\+00000ad";',
    ])
  })
})
