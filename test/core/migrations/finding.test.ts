import { describe, expect, it } from 'vitest'
import { type MigrationFinding, mergeFindings } from '../../../src/core/migrations/finding.ts'

function finding(more: Partial<MigrationFinding> & { readonly says?: string } = {}): MigrationFinding {
  const { says = 'fine', ...rest } = more
  return {
    tool: 'Rails',
    state: 'none',
    pending: [],
    table: 'public.schema_migrations',
    source: tables => `table ${tables}`,
    why: tables => `${tables} is ${says}.`,
    ...rest,
  }
}

describe('several findings', () => {
  it.each([
    [['none', 'none'], 'none'],
    [['none', 'unknown'], 'unknown'],
    [['unknown', 'none', 'pending'], 'pending'],
    [[], 'unknown'],
  ] as const)('of states %j are %s', (states, state) => {
    expect(mergeFindings(states.map(one => finding({ state: one }))).state).toBe(state)
  })

  it('that say the same of many tables are one sentence', () => {
    const tables = ['a', 'b', 'c', 'd', 'e'].map(schema => finding({ table: `${schema}.m` }))
    expect(mergeFindings(tables)).toMatchObject({
      source: 'table a.m, b.m, c.m and 2 more',
      why: 'a.m, b.m, c.m and 2 more is fine.',
    })
  })

  it('begin with the worst', () => {
    const { why } = mergeFindings([finding(), finding({ state: 'pending', table: 'b.m', says: 'behind' })])
    expect(why).toBe('b.m is behind. public.schema_migrations is fine.')
  })

  it('of several tools name the tool of each', () => {
    const knex = finding({ tool: 'Knex', state: 'pending', pending: ['1_a'], table: undefined })
    expect(mergeFindings([finding({ pending: ['2_b'] }), knex])).toMatchObject({
      tool: 'Rails and Knex',
      pending: ['Knex: 1_a', 'Rails: 2_b'],
      why: 'Knex:  is fine. Rails: public.schema_migrations is fine.',
    })
  })

  it('of one tool name each pending migration once', () => {
    expect(mergeFindings([finding({ pending: ['1'] }), finding({ pending: ['1', '2'] })]).pending).toEqual([
      '1',
      '2',
    ])
  })

  it('of no known tool have none', () => {
    const { tool, why } = mergeFindings([finding({ tool: undefined }), finding()])
    expect(tool).toBe('Rails')
    expect(why).toContain('Rails: public')
    expect(mergeFindings([finding({ tool: undefined })]).tool).toBeUndefined()
  })

  it.each([
    [8, undefined],
    [9, 'And 1 more finding.'],
    [11, 'And 3 more findings.'],
  ])('that are %d in number are not all shown: %s', (count, more) => {
    const { why } = mergeFindings(Array.from({ length: count }, (_, i) => finding({ says: `n${i}` })))
    expect(why.match(/is n\d+\./g)).toHaveLength(8)
    expect(/And .*$/.exec(why)?.[0]).toBe(more)
  })
})
