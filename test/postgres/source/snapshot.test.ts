import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { parseNamePattern } from '../../../src/core/pg/name-pattern.ts'
import type { DumpSelection } from '../../../src/postgres/catalog/tables.ts'
import { openSession, type Session } from '../../../src/postgres/session/session.ts'
import { WATCHING_SETTINGS, watchLocks } from '../../../src/postgres/source/lock-watch.ts'
import { holdSnapshot, type Snapshot } from '../../../src/postgres/source/snapshot.ts'
import { createDatabase, type TestDatabase, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()
const EVERYTHING: DumpSelection = { tables: [], excludeTables: [], schemas: [] }

/** A snapshot of the database, for as long as `work` takes. */
async function withSnapshot<T>(
  database: TestDatabase,
  work: (snapshot: Snapshot) => Promise<T>,
  { selection = EVERYTHING, lockTimeoutMs = 5000 } = {},
): Promise<T> {
  const connection = parseConnectionUrl(database.url)
  await using session = await openSession(connection)
  await using watching = await openSession(connection, undefined, 'reading', WATCHING_SETTINGS)
  using watch = watchLocks(watching, session, lockTimeoutMs)
  return await work(await holdSnapshot(session, selection, lockTimeoutMs, watch.inTheWay))
}

/** What a session that joins the snapshot sees, as pg_dump would. */
async function seenIn(snapshot: Snapshot, database: TestDatabase, sql: string): Promise<unknown> {
  await using reader = await openSession(parseConnectionUrl(database.url))
  await reader.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await reader.rows(`SET TRANSACTION SNAPSHOT '${snapshot.id}'`)
  return await reader.row(sql)
}

/** Runs while our session waits for the lock that another one holds. */
async function whileWaiting(database: TestDatabase): Promise<void> {
  for (let i = 0; i < 100; i += 1) {
    const waiting = await database.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    if (waiting.length > 0) return
    await sleep(20)
  }
  throw new Error('Nobody waits for a lock')
}

const names = (snapshot: Snapshot) => snapshot.tables.map(table => table.name)

describe('a snapshot', () => {
  it('is one that others can join, and keeps what it showed', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS a')
    await withSnapshot(database, async snapshot => {
      await database.query('INSERT INTO t VALUES (2)')
      expect(await seenIn(snapshot, database, 'SELECT count(*)::text AS n FROM t')).toEqual({ n: '1' })
      expect(Math.abs(snapshot.instant.getTime() - Date.now())).toBeLessThan(5000)
    })
  })

  it.each([
    ['TRUNCATE t', 'locked'],
    ['ALTER TABLE t ALTER a TYPE text', 'locked'],
    ['DROP TABLE t', 'locked'],
    ['INSERT INTO t VALUES (9)', 'free'],
    ['UPDATE t SET a = 9', 'free'],
  ])('stands while someone tries %s: it is %s', async (sql, expected) => {
    await using database = await createDatabase(lab, 'CREATE TABLE t AS SELECT generate_series(1, 3) AS a')
    await withSnapshot(database, async snapshot => {
      const tried = await database.query(`SET lock_timeout = 200; ${sql}`).then(
        () => 'free',
        error => (/lock timeout/.test(`${error}`) ? 'locked' : `${error}`),
      )
      expect(tried).toBe(expected)
      expect(await seenIn(snapshot, database, 'SELECT count(*)::text AS n FROM t')).toEqual({ n: '3' })
    })
  })

  it.each([
    ['the table that is truncated', 'TRUNCATE t; INSERT INTO t SELECT generate_series(1, 7)', ['t', 'u']],
    ['a table that is rewritten', 'ALTER TABLE t ALTER a TYPE text', ['t', 'u']],
    ['a table that appears', 'CREATE TABLE v (a int)', ['t', 'u', 'v']],
    ['a table that goes away', 'DROP TABLE t', ['u']],
    ['a table that gets another name', 'ALTER TABLE t RENAME TO w', ['u', 'w']],
    [
      'a table that is replaced',
      'DROP TABLE t; CREATE TABLE t AS SELECT generate_series(1, 7) AS a',
      ['t', 'u'],
    ],
    ['a schema that goes away', 'DROP TABLE t; DROP SCHEMA s CASCADE', ['u']],
  ])('taken while a migration commits has %s', async (_, sql, expected) => {
    await using database = await createDatabase(
      lab,
      'CREATE SCHEMA s; CREATE TABLE t AS SELECT generate_series(1, 3) AS a; CREATE TABLE u (a int)',
    )
    await withClient(database.url, async migration => {
      await migration.query(`BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; ${sql}`)
      const taken = withSnapshot(database, async snapshot => {
        expect(names(snapshot)).toEqual(expected)
        const sums = names(snapshot).map(name => `(SELECT count(*) FROM ${name})`)
        const locked = await database.query<{ n: string }>(
          `SELECT count(*)::text AS n FROM pg_locks WHERE mode = 'AccessShareLock' AND pid = ${snapshot.session.pid}
              AND relation = ANY (ARRAY[${snapshot.tables.map(table => table.oid)}]::oid[])`,
        )
        expect(locked).toEqual([{ n: String(expected.length) }])
        return await seenIn(snapshot, database, `SELECT (${sums.join(' + ')})::text AS n`)
      })
      await whileWaiting(database)
      await migration.query('COMMIT')
      const rows = /generate_series\(1, 7\)/.test(sql) ? '7' : /DROP TABLE t/.test(sql) ? '0' : '3'
      expect(await taken).toEqual({ n: rows })
    })
  })

  it('of 2,000 tables locks all of them, in time', async () => {
    await using database = await createDatabase(lab, client =>
      client.query(
        `DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format('CREATE TABLE "T %s "" of many" ()', i); IF i % 200 = 0 THEN COMMIT; END IF; END LOOP; END $$`,
      ),
    )
    const startedAt = performance.now()
    await withSnapshot(database, async snapshot => {
      expect(snapshot.tables).toHaveLength(2000)
      expect(performance.now() - startedAt).toBeLessThan(5000)
      const [locks] = await database.query<{ n: string }>(
        `SELECT count(DISTINCT relation)::text AS n FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE pid = ${snapshot.session.pid} AND relname LIKE 'T %'`,
      )
      expect(locks?.n).toBe('2000')
    })
  })

  it('locks what was chosen, and nothing else', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE t (a int); CREATE TABLE busy (a int)')
    await withClient(database.url, async client => {
      await client.query('BEGIN; LOCK TABLE busy IN ACCESS EXCLUSIVE MODE')
      const selection = { ...EVERYTHING, tables: [parseNamePattern('t')] }
      await withSnapshot(database, async snapshot => expect(names(snapshot)).toEqual(['t']), {
        selection,
        lockTimeoutMs: 500,
      })
    })
  })

  it('says who holds the lock that is not to be had, and ends in time', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE t (a int); CREATE TABLE "Busy" (a int)')
    await withClient(database.url, async client => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await client.query('BEGIN; LOCK TABLE "Busy" IN ACCESS EXCLUSIVE MODE')
      const startedAt = performance.now()
      await expect(withSnapshot(database, async () => 'taken', { lockTimeoutMs: 600 })).rejects.toMatchObject(
        {
          code: 'DATABASE_LOCKED',
          message: expect.stringMatching(
            new RegExp(
              `public."Busy" is locked by pid ${rows[0]?.pid} \\(user postgres, idle in transaction.*LOCK TABLE "Busy"`,
            ),
          ),
          hint: expect.stringContaining('lock-timeout'),
        },
      )
      expect(performance.now() - startedAt).toBeLessThan(3000)
    })
  })

  it('waits for all locks together at most lock-timeout and names who holds them now', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE a (x int); CREATE TABLE b (x int)')
    await withClient(database.url, async first => {
      await withClient(database.url, async second => {
        await first.query('BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE')
        await second.query('BEGIN; LOCK TABLE b IN ACCESS EXCLUSIVE MODE')
        const { rows } = await second.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
        const startedAt = performance.now()
        const refused = withSnapshot(database, async () => 'taken', { lockTimeoutMs: 1500 }).catch(
          error => error,
        )
        await sleep(1000)
        await first.query('COMMIT')
        expect(await refused).toMatchObject({
          code: 'DATABASE_LOCKED',
          message: expect.stringContaining(`public.b is locked by pid ${rows[0]?.pid}`),
        })
        expect(performance.now() - startedAt).toBeLessThan(2300)
      })
    })
  })

  it('leaves no lock and no session behind', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE t (a int)')
    let session: Session | undefined
    await withSnapshot(database, async snapshot => {
      session = snapshot.session
    })
    await database.query('SET lock_timeout = 1000; TRUNCATE t')
    expect(await database.query(`SELECT FROM pg_stat_activity WHERE pid = ${session?.pid}`)).toEqual([])
  })
})
