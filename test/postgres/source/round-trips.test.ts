import { expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { EVERYTHING } from '../../../src/postgres/catalog/tables.ts'
import { openSource } from '../../../src/postgres/source/source.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { countTurns } from '../../support/turns.ts'

const lab = theLab()

/** Everything that a dump asks besides pg_dump. */
async function turnsOf(sql: string): Promise<{ turns: number; connections: number }> {
  await using database = await createDatabase(lab, sql)
  await using counter = await countTurns(lab.postgres.host, lab.postgres.port)
  const connection = { ...parseConnectionUrl(database.url), host: '127.0.0.1', port: counter.port }
  await using source = await openSource(connection, new AbortController().signal)
  const server = await source.readFacts(EVERYTHING)
  await source.refuseObstacles(EVERYTHING)
  await source.readNotNullClashes(server)
  await using snapshot = await source.holdSnapshot(EVERYTHING, 60_000)
  const sequences = await source.readSequences(snapshot, false)
  await source.readContent(snapshot, 'counts', false)
  source.mergeSequences(sequences, await source.readSequences(snapshot, false))
  return { turns: counter.turns, connections: counter.connections }
}

it('a dump of a tiny database waits for its server at most 21 times', async () => {
  const tiny = 'CREATE TABLE t (id serial PRIMARY KEY, created_at timestamptz)'
  const { turns, connections } = await turnsOf(tiny)
  expect(connections).toBe(2)
  expect(turns).toBeLessThanOrEqual(21)
})

it('a dump of 200 tables asks for their counts in a few statements', async () => {
  const many = `DO $$ BEGIN FOR i IN 1..200 LOOP EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY)', i); END LOOP; END $$`
  expect((await turnsOf(many)).turns).toBeLessThanOrEqual(24)
})
