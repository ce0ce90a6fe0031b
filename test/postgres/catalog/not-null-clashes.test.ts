import { expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { notNullName } from '../../../src/core/pg/not-null-name.ts'
import { readNotNullClashes } from '../../../src/postgres/catalog/not-null-clashes.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

it.each([
  ['t', 'a'],
  ['a_table_of_a_long_name_that_goes_on', 'and_a_column_whose_name_is_as_long'],
  ['t'.repeat(63), 'c'],
  ['é'.repeat(31), 'ü'.repeat(31)],
  ['emoji🥬'.repeat(5), 'c'.repeat(40)],
])('names the NOT NULL of %s.%s as the server does', async (table, column) => {
  await using database = await createDatabase(theLab(), `CREATE TABLE "${table}" ("${column}" int NOT NULL)`)
  const [row] = await database.query<{ name: string }>(
    "SELECT conname AS name FROM pg_constraint WHERE contype = 'n' AND connamespace = 'public'::regnamespace",
  )
  const relation = await database.query<{ relname: string; attname: string }>(
    `SELECT relname, attname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum = 1`,
  )
  expect(notNullName(relation[0]?.relname ?? '', relation[0]?.attname ?? '')).toBe(row?.name)
})

it('finds constraints that PostgreSQL 18 refuses, with a statement that renames them', async () => {
  // On 18 the clash itself needs a NOT NULL of another name; older servers have none.
  await using database = await createDatabase(
    theLab(),
    `CREATE TABLE t (a int CONSTRAINT x NOT NULL, b int);
     ALTER TABLE t ADD CONSTRAINT t_a_not_null CHECK (a IS NOT NULL) NOT VALID, ADD CONSTRAINT t_b_not_null CHECK (b IS NOT NULL) NOT VALID;
     CREATE TABLE inline (a int CONSTRAINT y NOT NULL, CONSTRAINT inline_a_not_null CHECK (a > 0))`,
  )
  await using session = await openSession(parseConnectionUrl(database.url), undefined, 'reading')
  const clashes = await readNotNullClashes(session)
  expect(clashes).toEqual([
    { constraint: 't_a_not_null', table: 'public.t', rename: expect.stringContaining('RENAME CONSTRAINT') },
  ])
  await database.query(clashes[0]?.rename ?? '')
  expect(await readNotNullClashes(session)).toEqual([])
})
