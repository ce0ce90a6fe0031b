import { describe, expect, it, test } from 'vitest'
import { parseColumnName, parseTableName } from '../../../src/core/criteria/names.ts'

describe('a name in a criterion', () => {
  test.each([
    ['users', { schema: undefined, name: 'users' }],
    ['Audit.Events', { schema: 'audit', name: 'events' }],
    ['"Mixed Case"."Users"', { schema: 'Mixed Case', name: 'Users' }],
    ['"a.b"', { schema: undefined, name: 'a.b' }],
    ['"say ""hi"""', { schema: undefined, name: 'say "hi"' }],
    // PostgreSQL folds ASCII letters only in a UTF-8 database.
    ['ÄPFEL', { schema: undefined, name: 'Äpfel' }],
  ])('means a table: %s', (text, expected) => {
    expect(parseTableName(text)).toEqual(expected)
  })

  test.each([
    ['users.created_at', { table: { schema: undefined, name: 'users' }, column: 'created_at' }],
    ['audit.events."At"', { table: { schema: 'audit', name: 'events' }, column: 'At' }],
  ])('means a column: %s', (text, expected) => {
    expect(parseColumnName(text)).toEqual(expected)
  })

  test.each(['', 'a-b', '1a', '"a', 'a.', '.a', 'a b', '""', 'a.b.c', "users'; DROP TABLE users"])(
    'is no table: %j',
    text => {
      expect(() => parseTableName(text)).toThrow(RangeError)
    },
  )

  it('of a column needs its table', () => {
    expect(() => parseColumnName('created_at')).toThrow(RangeError)
    expect(() => parseColumnName('a.b.c.d')).toThrow(RangeError)
  })
})
