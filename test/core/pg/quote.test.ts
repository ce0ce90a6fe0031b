import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  printIdentifier,
  printTable,
  quoteIdentifier,
  quoteLiteral,
  quoteTable,
} from '../../../src/core/pg/quote.ts'
import { anyText } from '../../support/any-text.ts'

test.each([
  ['users', '"users"'],
  ['Mixed Case', '"Mixed Case"'],
  ['a"b""c', '"a""b""""c"'],
  ['$(id)`', '"$(id)`"'],
])('the identifier %s is quoted as %s', (name, expected) => {
  expect(quoteIdentifier(name)).toBe(expected)
  expect(quoteTable({ schema: name, name: 't' })).toBe(`${expected}."t"`)
})

test.each([
  ['', "''"],
  ["it's", "'it''s'"],
  ['back\\slash', "'back\\slash'"],
])('the literal %s is quoted as %s', (text, expected) => {
  expect(quoteLiteral(text)).toBe(expected)
})

describe('an identifier for commands that people paste', () => {
  test.each([
    ['users', '"users"'],
    ['a\nb', 'U&"a\\+00000ab"'],
    ['x\\y\u200b"', 'U&"x\\\\y\\+00200b"""'],
  ])('%j is printed as %s', (name, expected) => {
    expect(printIdentifier(name)).toBe(expected)
  })

  it('shows every character and stays on one line', () => {
    fc.assert(
      fc.property(anyText(), name => {
        const printed = printTable({ schema: name, name: 't' })
        expect(printed).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(readIdentifier(printed.slice(0, -4))).toBe(name)
      }),
    )
  })
})

/** As PostgreSQL reads it. */
function readIdentifier(sql: string): string {
  const isEscaped = sql.startsWith('U&')
  const text = sql.slice(isEscaped ? 3 : 1, -1).replaceAll('""', '"')
  if (!isEscaped) return text
  return text.replace(/\\(?:\+([0-9a-f]{6})|\\)/g, (_, hex?: string) =>
    hex === undefined ? '\\' : String.fromCodePoint(Number.parseInt(hex, 16)),
  )
}
