import { expect, test } from 'vitest'
import { renderAmount, renderDifference, renderName, renderSome } from '../../../src/core/text/counts.ts'

test.each([
  [0, 'row', undefined, '0 rows'],
  [1, 'row', undefined, '1 row'],
  [20_000, 'row', undefined, '20,000 rows'],
  [1, 'index', 'indexes', '1 index'],
  [2, 'index', 'indexes', '2 indexes'],
])('an amount of %i %s, plural %s, is %s', (count, noun, plural, expected) => {
  expect(renderAmount(count, noun, plural)).toBe(expected)
})

test.each([
  [5, 5, ''],
  [4, 5, '1 fewer'],
  [12_005, 5, '12,000 more'],
])('%i found of %i differ by %j', (found, expected, text) => {
  expect(renderDifference(found, expected)).toBe(text)
})

test.each([
  ['public', 'users', 'users'],
  [undefined, 'users', 'users'],
  ['audit', 'events', 'audit.events'],
])('a table of schema %s called %s is named %s', (schema, name, expected) => {
  expect(renderName({ schema, name })).toBe(expected)
})

test.each([
  [0, ''],
  [3, 'a1, a2, a3'],
  [5, 'a1, a2, a3 and 2 more'],
])('of a list of %i items at most three are shown', (length, expected) => {
  const items = Array.from({ length }, (_, i) => `a${i + 1}`)
  expect(renderSome(items, 3)).toBe(expected)
})
