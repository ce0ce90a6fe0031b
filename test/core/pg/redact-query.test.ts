import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { queryHead } from '../../../src/core/pg/redact-query.ts'

describe('the head of a query', () => {
  test.each([
    ['SELECT * FROM users WHERE id = $1', 'SELECT * FROM users WHERE id = $1'],
    [
      "SELECT * FROM users WHERE email = 'ann@example.com' AND age > 30",
      'SELECT * FROM users WHERE email = … AND age > …',
    ],
    ["SELECT 'it''s', 2", 'SELECT …, …'],
    ["SELECT E'a\\'geheim', 1", 'SELECT …, …'],
    ['SELECT $$geheim$$, $tag$ge$$heim$tag$ FROM t', 'SELECT …, … FROM t'],
    [
      'SELECT "Mixed ""Case\'s" FROM "T" WHERE a = \'geheim\'',
      'SELECT "Mixed ""Case\'s" FROM "T" WHERE a = …',
    ],
    ["ALTER ROLE app PASSWORD 'geheim'", 'ALTER ROLE app PASSWORD …'],
    ['SELECT 1 /* user: geheim */ FROM t -- geheim\nWHERE a = 1.5e10', 'SELECT … FROM t WHERE a = …'],
    ['SELECT /* a /* b */ geheim */ 1', 'SELECT'],
    ["SELECT 'a\\' , geheim", 'SELECT …'],
    ["SELECT * FROM users WHERE name = 'geheim without an end", 'SELECT * FROM users WHERE name = …'],
    ['SELECT * FROM t2 JOIN table_3 USING (id4)', 'SELECT * FROM t2 JOIN table_3 USING (id4)'],
    ["SELECT -5, 0xff, 1_000, x'ab', U&'d\\0061t'", 'SELECT -…, …, …, …, …'],
    ['ALTER TABLE\n\tusers\r\n ADD   COLUMN a int', 'ALTER TABLE users ADD COLUMN a int'],
    ['', ''],
  ])('of %j is %j', (query, head) => {
    expect(queryHead(query)).toBe(head)
  })

  it('is no longer than asked for, in whole characters', () => {
    expect(queryHead(`SELECT ${'😀'.repeat(200)}`)).toHaveLength(7 + 2 * 112 + 1)
    expect([...queryHead(`SELECT ${'a'.repeat(500)}`)]).toHaveLength(120)
  })

  it('never shows what a literal holds', () => {
    const word = fc.constantFrom(
      'SELECT',
      '"q"',
      '$1',
      ' ',
      '\n',
      '(',
      "E'",
      '$$',
      '$a$',
      '--',
      '/*',
      '*/',
      "''",
      '"',
    )
    fc.assert(
      fc.property(fc.array(word), before => {
        // After any beginning, a text that ends properly begins here only where no other is open.
        const clean = before.filter(part => ['SELECT', '"q"', '$1', ' ', '\n', '('].includes(part)).join(' ')
        const head = queryHead(`${clean} 'GEHEIM' ${before.join(' ')}`, 10_000)
        expect(head).not.toContain('GEHEIM')
      }),
    )
  })
})
