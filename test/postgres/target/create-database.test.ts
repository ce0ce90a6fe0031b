import { randomBytes } from 'node:crypto'
import { expect, it, test } from 'vitest'
import { parseConnectionUrl, withDatabase } from '../../../src/core/pg/connection.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabaseLike, type DatabaseLocale } from '../../../src/postgres/target/create-database.ts'
import { createDatabase, databaseUrl } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const server = parseConnectionUrl(databaseUrl(theLab(), 'postgres'))

/** What a generated column of a search, and an index of lower(), are made of. */
const WORDS = "SELECT to_tsvector('simple', 'Äpfel–Birnen „CAFÉ“ naïve')::text || lower('ÄÉ') AS words"

/** Makes a database like that, and tells what differs and what its server makes of words. */
async function wordsLike(like: DatabaseLocale, words = WORDS) {
  const name = `test_${randomBytes(6).toString('hex')}`
  await using session = await openSession(server)
  try {
    const notes = await createDatabaseLike(session, name, like)
    await using inside = await openSession(withDatabase(server, name))
    return { notes, ...(await inside.row<{ words: string }>(words)) }
  } finally {
    await session.rows(`DROP DATABASE IF EXISTS ${name}`)
  }
}

const UTF8 = { encoding: 'UTF8', collate: 'C.UTF-8', ctype: 'C.UTF-8' }
const NOWHERE = { encoding: 'UTF8', collate: 'xx_XX.UTF-8', ctype: 'xx_XX.UTF-8' }

test.each<[string, DatabaseLocale, readonly string[]]>([
  ['the builtin provider', { ...UTF8, collationProvider: 'b', locale: 'C.UTF-8' }, []],
  ['ICU', { ...UTF8, collationProvider: 'i', locale: 'en-US' }, []],
  ['libc', { ...UTF8, collationProvider: 'c', locale: null }, []],
  [
    'the builtin provider, with a locale that the server lacks',
    { ...NOWHERE, collationProvider: 'b', locale: 'C.UTF-8' },
    [],
  ],
  ['ICU, with a locale that the server lacks', { ...NOWHERE, collationProvider: 'i', locale: 'de' }, []],
  [
    'libc, with a locale that the server lacks',
    { ...NOWHERE, collationProvider: 'c', locale: null },
    ['The server has no locale xx_XX.UTF-8: the new database has C, so texts sort differently there.'],
  ],
])('a database like one of %s finds the same words and letters in texts', async (_, like, notes) => {
  await using source = await createDatabase(theLab())
  const [original] = await source.query<{ words: string }>(WORDS)

  expect(await wordsLike(like)).toEqual({ notes, words: original?.words })
})

it('says that letters are told apart less well where the encoding leaves no choice', async () => {
  const latin: DatabaseLocale = { ...NOWHERE, encoding: 'LATIN1', collationProvider: 'c', locale: null }
  const { notes } = await wordsLike(latin, "SELECT 'a' AS words")

  expect(notes).toEqual([expect.stringContaining('lower and upper know ASCII only')])
})
