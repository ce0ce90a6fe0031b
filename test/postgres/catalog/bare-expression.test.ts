import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bareExpression } from '../../../src/postgres/catalog/definition-queries.ts'
import { databaseUrl, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()

async function bare(texts: readonly string[]): Promise<readonly string[]> {
  const sql = `SELECT ${bareExpression('given')} AS bare FROM unnest($1::text[]) WITH ORDINALITY AS u (given, at) ORDER BY at`
  return await withClient(databaseUrl(lab, 'postgres'), async client => {
    const { rows } = await client.query<{ bare: string }>(sql, [texts])
    return rows.map(row => row.bare)
  })
}

it.each([
  ["(ARRAY['a'::character varying, 'b'::character varying(3)])::text[]", "ARRAY['a','b']"],
  ["nextval('app.users_id_seq'::regclass)", "nextval'app.users_id_seq'"],
  ['lower((name)::text)', 'lowername'],
  ["'2020-01-01 00:00:00+00'::timestamp(3) with time zone", "'2020-01-0100:00:00+00'"],
  [`('x'::"Mood Type" = ANY (m))`, "'x'=ANYm"],
  ['(a)::regclass[]', 'a'],
  ['(a)::regclassified', 'a'],
  ['a > 1', 'a>1'],
])('of %s is %s', async (expression, expected) => {
  expect(await bare([expression])).toEqual([expected])
})

it('is the same whether the regular expression is needed or not', async () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      "'x'",
      '::text',
      '::regclass',
      '::regclass)',
      '::text)',
      '::numeric(4,2)',
      '::int[]',
      '"',
      ' ',
      '\t',
      '(',
    ],
    ...[')', '::', ':', '\n', '\u000b', '\f', '\r', '::character varying', '(3)', '[]', '.b', '1'],
  )
  const texts = fc.sample(fc.array(piece, { maxLength: 12 }), 3000).map(pieces => pieces.join(''))
  // What is not ASCII takes the regular expression.
  const slow = await bare(texts.map(text => `${text}=é`))
  expect(await bare(texts.map(text => `${text}=e`))).toEqual(slow.map(text => text.replace(/é$/, 'e')))
})
