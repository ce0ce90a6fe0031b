import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inForeignKeyOrder } from '../../../src/core/restore/foreign-key-order.ts'

const table = (name: string) => ({ schema: 'public', name })
const key = (from: string, to: string) => ({ from: table(from), to: table(to) })
const order = (names: readonly string[], ...keys: readonly ReturnType<typeof key>[]) =>
  inForeignKeyOrder(names.map(table), keys).map(({ name }) => name)

describe('tables in the order of their foreign keys', () => {
  it('come after those they refer to', () => {
    expect(order(['links', 'clicks', 'users'], key('clicks', 'links'), key('links', 'users'))).toEqual([
      'users',
      'links',
      'clicks',
    ])
  })

  it('keep their order where nothing refers to anything', () => {
    expect(order(['b', 'a', 'c'])).toEqual(['b', 'a', 'c'])
  })

  it('come once each in cycles, with references to themselves and to tables outside', () => {
    const keys = [key('a', 'b'), key('b', 'a'), key('a', 'a'), key('a', 'outside')]
    expect(order(['a', 'b'], ...keys).toSorted()).toEqual(['a', 'b'])
  })

  it('are in order for any references without a cycle', () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)).filter(([from, to]) => from > to))
    const names = Array.from({ length: 10 }, (_, i) => `t${i}`)
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: 10 }), edges, (shuffled, pairs) => {
        const placed = order(shuffled, ...pairs.map(([from, to]) => key(`t${from}`, `t${to}`)))
        expect(placed.toSorted()).toEqual(names)
        for (const [from, to] of pairs)
          expect(placed.indexOf(`t${from}`)).toBeGreaterThan(placed.indexOf(`t${to}`))
      }),
    )
  })
})
