import { expect, test } from 'vitest'
import { notNullName } from '../../../src/core/pg/not-null-name.ts'

// The longer part is cut first, to 63 bytes together; test/postgres/catalog compares with the server.
test.each([
  ['users', 'email', 'users_email_not_null'],
  ['t'.repeat(63), 'id', `${'t'.repeat(51)}_id_not_null`],
  ['id', 'c'.repeat(63), `id_${'c'.repeat(51)}_not_null`],
  ['t'.repeat(63), 'c'.repeat(63), `${'t'.repeat(27)}_${'c'.repeat(26)}_not_null`],
  ['ä'.repeat(31), 'id', `${'ä'.repeat(25)}_id_not_null`],
])('the NOT NULL of %s.%s is called %s', (table, column, expected) => {
  const name = notNullName(table, column)
  expect(name).toBe(expected)
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
})
