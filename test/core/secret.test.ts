import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Secret, spellings } from '../../src/core/secret.ts'
import { anyText } from '../support/any-text.ts'

const CANARY = 'p@ss:w/rd %41"\' ü'

describe('a secret', () => {
  const secret = new Secret(CANARY)

  it('gives its value to whoever asks for it by name', () => {
    expect(secret.reveal()).toBe(CANARY)
  })

  test.each<[string, (value: unknown) => string]>([
    ['a template string', value => `${value}`],
    ['a concatenation', value => `a${String(value)}`],
    ['JSON', value => JSON.stringify({ value })],
    ['the console', value => inspect({ nested: { value } }, { depth: 9, showHidden: true })],
    ['an error message', value => new Error(String(value)).stack ?? ''],
    ['its own keys', value => Object.entries(value as object).join()],
    ['a copy by spread', value => JSON.stringify({ ...(value as object) })],
  ])('stays out of %s', (_, print) => {
    expect(print(secret)).not.toContain('p@ss')
    expect(print(secret)).not.toContain('p%40ss')
  })
})

describe('the spellings of a secret', () => {
  test.each([
    ['', []],
    ['  ', []],
    ['abc', ['abc']],
    ['a b', ['a b', 'a%20b', 'a+b']],
    ['a%2Fb', ['a%2Fb', 'a%2fb', 'a%252Fb', 'a/b']],
  ])('of %j are %j', (value, expected) => {
    expect(spellings(value).toSorted()).toEqual(expected.toSorted())
  })

  // Each way in which a program on this path writes a password into a URL.
  test.each<[string, (value: string) => string]>([
    ['as it is', value => value],
    ['encodeURIComponent', encodeURIComponent],
    ['encodeURI', encodeURI],
    ['lower-case hex', value => encodeURIComponent(value).replace(/%../g, hex => hex.toLowerCase())],
    ['RFC 3986', value => encodeURIComponent(value).replace(/'/g, '%27')],
    ['a form', value => new URLSearchParams({ value }).toString().slice('value='.length)],
    [
      'the password of a URL object',
      value => Object.assign(new URL('x://u@h'), { password: value }).password,
    ],
  ])('include %s', (_, spell) => {
    for (const value of [CANARY, 'a&b/c', "it's", 'x^y|z', 'a+b c', '~*!()'])
      expect(spellings(value)).toContain(spell(value))
  })

  it('include the decoded form of a value that came encoded', () => {
    expect(spellings('p%40ss')).toContain('p@ss')
    expect(spellings('100%')).toContain('100%')
  })

  it('are distinct, never blank, and found for every text', () => {
    fc.assert(
      fc.property(anyText(), value => {
        const found = spellings(value)
        expect(new Set(found).size).toBe(found.length)
        expect(found.every(text => text.trim() !== '')).toBe(true)
        expect(found.includes(value)).toBe(value.trim() !== '')
      }),
    )
  })

  it('are found for half a surrogate pair too, which no encoder accepts', () => {
    expect(spellings('a\ud800')).toContain('a\ufffd')
  })
})
