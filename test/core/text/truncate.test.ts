import fc from 'fast-check'
import { expect, it } from 'vitest'
import { truncate } from '../../../src/core/text/truncate.ts'
import { anyText } from '../../support/any-text.ts'

it.each([
  ['', 0, ''],
  ['abc', 3, 'abc'],
  ['abcd', 3, 'abc…'],
  ['a', 0, '…'],
  ['ab😀', 3, 'ab…'],
  ['ab😀', 4, 'ab😀'],
  ['ab😀c', 4, 'ab😀…'],
])('truncates %j beyond %d to %j', (text, most, expected) => {
  expect(truncate(text, most)).toBe(expected)
})

it('leaves text well-formed, no longer than the limit and the ellipsis', () => {
  fc.assert(
    fc.property(anyText(), fc.nat(20), (text, most) => {
      const shown = truncate(text, most)
      expect(shown.isWellFormed()).toBe(true)
      expect(shown.length).toBeLessThanOrEqual(Math.max(text.length, most + 1))
      expect(text.startsWith(shown.replace(/…$/, ''))).toBe(true)
    }),
  )
})
