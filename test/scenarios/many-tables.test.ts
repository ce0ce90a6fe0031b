import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { Connection } from '../../src/core/pg/connection.ts'
import { openSession } from '../../src/postgres/session/session.ts'
import { openSource } from '../../src/postgres/source/source.ts'
import { theLab } from '../support/lab.ts'
import { startOwnServer } from '../support/own-server.ts'

const lab = theLab()
const TABLES = 2500

/** Tables as they are: a key with its sequence, a time, and two more indexes; 5 relations each. */
async function createTables(connection: Connection, tables: number): Promise<void> {
  await using session = await openSession(connection)
  await session.rows(
    `DO $$ BEGIN FOR i IN 1..${tables} LOOP
       EXECUTE format('CREATE TABLE t%1$s (id serial PRIMARY KEY, name text UNIQUE, created_at timestamptz); CREATE INDEX ON t%1$s (created_at)', i);
       IF i % 20 = 0 THEN COMMIT; END IF;
     END LOOP; END $$`,
  )
}

async function countLocks(connection: Connection): Promise<number> {
  await using session = await openSession(connection)
  const { locks } = await session.row<{ locks: string }>(
    "SELECT count(*)::text AS locks FROM pg_locks WHERE locktype = 'relation'",
  )
  return Number(locks)
}

it(`reading ${TABLES} tables, their indexes and sequences locks only the tables`, async () => {
  await using server = await startOwnServer(lab.postgres.binDir)
  await createTables(server.connection, TABLES)
  await using source = await openSource(server.connection, new AbortController().signal)
  await using snapshot = await source.holdSnapshot({ tables: [], excludeTables: [], schemas: [] }, 60_000)

  const before = await source.readSequences(snapshot, false)
  // pg_dump has its own locks at the same time.
  const { host, port, user, database } = server.connection
  const dumping = promisify(execFile)(join(lab.postgres.binDir, 'pg_dump'), [
    '-Fc',
    '-h',
    host,
    '-p',
    String(port),
    '-U',
    user,
    '-d',
    database,
    `--snapshot=${snapshot.id}`,
    '--no-sync',
    '-f',
    '/dev/null',
  ])
  const content = await source.readContent(snapshot, 'content', false)
  const locks = await countLocks(server.connection)
  await dumping
  const after = await source.readSequences(snapshot, false)

  expect(content.tables).toHaveLength(TABLES)
  expect(source.mergeSequences(before, after)).toHaveLength(TABLES)
  // pg_dump has one for each table, and so have we.
  expect(locks).toBeLessThan(2 * TABLES + 100)
  expect(await countLocks(server.connection)).toBeLessThan(TABLES + 100)
}, 180_000)

it('a lock table that is too small is named with the setting that makes it larger', async () => {
  await using server = await startOwnServer(lab.postgres.binDir, {
    max_locks_per_transaction: '10',
    max_connections: '10',
  })
  await createTables(server.connection, 2000)
  await using source = await openSource(server.connection, new AbortController().signal)

  const held = source.holdSnapshot({ tables: [], excludeTables: [], schemas: [] }, 60_000)

  await expect(held).rejects.toMatchObject({
    code: 'DATABASE_FAILED',
    hint: expect.stringContaining('max_locks_per_transaction'),
  })
}, 180_000)
