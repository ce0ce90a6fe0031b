import { describe, expect, test } from 'vitest'
import { parseNamePattern, parseSchemaPattern } from '../../../src/core/pg/name-pattern.ts'

/* That these mean what pg_dump means is shown against pg_dump itself in test/postgres/selection.test.ts. */
describe('a name pattern', () => {
  test.each([
    ['users', undefined, '^(users)$'],
    ['Users', undefined, '^(users)$'],
    ['"Users"', undefined, '^(Users)$'],
    ['audit.*', '^(audit)$', '^(.*)$'],
    ['a?b', undefined, '^(a.b)$'],
    ['"a.b".c', '^(a\\.b)$', '^(c)$'],
    ['"say ""hi"""', undefined, '^(say "hi")$'],
    ['pre"Fix"Es', undefined, '^(preFixes)$'],
    ['a$b', undefined, '^(a\\$b)$'],
    ['"a*b"', undefined, '^(a\\*b)$'],
    ['users|orders', undefined, '^(users|orders)$'],
    ['log_[0-9]+', undefined, '^(log_[0-9]+)$'],
    ['ints[]', undefined, '^(ints\\[])$'],
    ['GRÖSSE', undefined, '^(grÖsse)$'],
    ['İ', undefined, '^(İ)$'],
  ])('%s', (pattern, schema, name) => {
    expect(parseNamePattern(pattern)).toEqual({ schema, name })
  })

  test.each([
    ['"users', /not closed/],
    ['a.b.c', /too many dots/],
    ['a.', /empty part/],
    ['.a', /empty part/],
    ['', /empty part/],
    ['""', /empty part/],
  ])('%s is refused', (pattern, message) => {
    expect(() => parseNamePattern(pattern)).toThrow(RangeError)
    expect(() => parseNamePattern(pattern)).toThrow(message)
  })
})

describe('a pattern of schemas', () => {
  test.each([
    ['Audit', '^(audit)$'],
    ['"a.b"', '^(a\\.b)$'],
    ['app_*', '^(app_.*)$'],
  ])('%s', (pattern, name) => {
    expect(parseSchemaPattern(pattern)).toBe(name)
  })

  test.each([
    ['audit.events', /"audit.events" has a dot; expected the name of a schema/],
    ['a.b.c', /too many dots/],
    ['', /empty part/],
  ])('%s is refused', (pattern, message) => {
    expect(() => parseSchemaPattern(pattern)).toThrow(message)
  })
})
