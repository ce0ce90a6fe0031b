import { expect, it } from 'vitest'
import { byKey, keyOf } from '../../../src/core/pg/qualified-name.ts'

it('two names that are the same when joined by a dot have different keys', () => {
  const [first, second] = [
    { schema: 'a', name: 'b.c' },
    { schema: 'a.b', name: 'c' },
  ]
  expect(keyOf(first)).not.toBe(keyOf(second))
  expect(byKey([first, second]).size).toBe(2)
})

it('a thing is found by the key of an equal name', () => {
  const table = { schema: 'public', name: 'users', rows: 3 }
  expect(byKey([table]).get(keyOf({ schema: 'public', name: 'users' }))).toBe(table)
})
