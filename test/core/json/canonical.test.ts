import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../src/core/json/canonical.ts'
import { anyCharacter } from '../../support/any-text.ts'

describe('canonical JSON', () => {
  it('says the same, with one spelling for one value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: anyCharacter }), value => {
        const json = canonicalJson(value)
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(reversed(value))).toBe(json)
        expect(json.endsWith('\n')).toBe(true)
      }),
    )
  })

  it('leaves out what is undefined, and writes what knows its own JSON', () => {
    expect(canonicalJson({ b: undefined, a: new Date(0) })).toBe('{\n  "a": "1970-01-01T00:00:00.000Z"\n}\n')
  })
})

/** The same value with the keys of its objects the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  )
}
