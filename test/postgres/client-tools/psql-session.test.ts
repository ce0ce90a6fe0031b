import { join } from 'node:path'
import process from 'node:process'
import { expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { connectionEnvironment } from '../../../src/postgres/client-tools/passfile.ts'
import { sessionOf } from '../../../src/postgres/client-tools/psql-session.ts'
import { beginTransaction } from '../../../src/postgres/client-tools/psql-transaction.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'

const lab = theLab()

/** Values that something between psql and us could bend. */
const QUERY = `SELECT 9223372036854775807 AS big, 1.50 AS exact, 'two
lines, "quotes", \\ and 漢' AS words, NULL::text AS nothing, $1 AS given, ARRAY['a']::text[] = $2::text[] AS listed
  UNION ALL SELECT -9223372036854775807, 0, '', NULL, $1, NULL`

it('a transaction of psql answers as a session does', async () => {
  await using database = await createDatabase(lab, '')
  const connection = parseConnectionUrl(database.url)
  const env = await connectionEnvironment(connection, createWorkplace().temp, process.env)
  await using session = await openSession(connection)
  await using transaction = await beginTransaction({ psql: join(lab.postgres.binDir, 'psql'), env })
  const values = ["it's $2", ['a']]

  const found = await sessionOf(transaction).rows<Record<string, string | null>>(QUERY, values)

  const expected = await session.rows<Record<string, string | null>>(
    QUERY.replace('$1 AS given', '$1::text AS given'),
    values,
  )
  // The one difference: true is t in the protocol, and true in JSON. The caller casts it to text.
  expect(found.map(row => ({ ...row, listed: null }))).toEqual(
    expected.map(row => ({ ...row, listed: null })),
  )
  expect(found[0]).toMatchObject({
    big: '9223372036854775807',
    exact: '1.50',
    given: "it's $2",
    listed: 'true',
  })
})
