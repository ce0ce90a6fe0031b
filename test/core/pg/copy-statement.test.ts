import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { isWholeStatement, parseCopyStatement } from '../../../src/core/pg/copy-statement.ts'
import { quoteIdentifier } from '../../../src/core/pg/quote.ts'

describe('a COPY statement of pg_dump', () => {
  test.each([
    [
      'COPY public."Users" (id, "Full name") FROM stdin;',
      { schema: 'public', name: 'Users', columns: ['id', 'Full name'] },
    ],
    ['COPY public.empty  FROM stdin;', { schema: 'public', name: 'empty', columns: [] }],
    ['COPY "a.b"."c""d" ("x\ny") FROM stdin;', { schema: 'a.b', name: 'c"d', columns: ['x\ny'] }],
  ])('%j is read', (text, expected) => {
    expect(parseCopyStatement(text)).toEqual(expected)
  })

  it('gives back names of any characters', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(name, name, fc.array(name, { minLength: 1, maxLength: 4 }), (schema, table, columns) => {
        const list = columns.map(quoteIdentifier).join(', ')
        const text = `COPY ${quoteIdentifier(schema)}.${quoteIdentifier(table)} (${list}) FROM stdin;`
        expect(parseCopyStatement(text)).toEqual({ schema, name: table, columns })
        expect(isWholeStatement(text)).toBe(true)
      }),
    )
  })

  test.each([
    'COPY users (id) FROM stdin;',
    'COPY public.users (id) TO stdout;',
    "COPY public.users (id) FROM '/etc/passwd';",
    'COPY public.users (id) FROM stdin; DROP TABLE users;',
    "INSERT INTO public.users VALUES ('COPY public.users (id) FROM stdin;');",
  ])('is not %s', text => {
    expect(parseCopyStatement(text)).toBeUndefined()
  })

  test.each([
    ['COPY public."a;', false],
    ['COPY public."a;" (id', false],
    ['COPY public."a;" (id) FROM stdin;', true],
  ])('that reads %s so far is whole: %s', (text, expected) => {
    expect(isWholeStatement(text)).toBe(expected)
  })
})
