import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { Secret } from '../../../src/core/secret.ts'
import { countHiddenSessions, readBlockers } from '../../../src/postgres/catalog/blockers.ts'
import { openSession, type Session } from '../../../src/postgres/session/session.ts'
import { createDatabase, databaseUrl, type TestDatabase, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { startOwnServer, startStandby } from '../../support/own-server.ts'

const SCHEMA = `
  CREATE TABLE users (id int PRIMARY KEY, email text); INSERT INTO users VALUES (1, 'ann@example.com');
  CREATE SCHEMA audit; CREATE TABLE audit.events (id int, user_id int)`
const HOUR = { olderThanMs: 3_600_000 }

let database: TestDatabase
let session: Session

beforeEach(async () => {
  database = await createDatabase(theLab(), SCHEMA)
  session = await openSession(parseConnectionUrl(database.url))
})
afterEach(async () => {
  await session[Symbol.asyncDispose]()
  await database.drop()
})

describe('blockers', () => {
  it('are none where nobody does anything but reading and writing', async () => {
    await withClient(database.url, async client => {
      await client.query('BEGIN')
      await client.query("UPDATE users SET email = 'bob@example.com'")
      await client.query('CREATE TEMPORARY TABLE mine AS SELECT * FROM users')

      expect(await readBlockers(session, HOUR)).toEqual([])
    })
  })

  test.each([
    ['LOCK TABLE users', 'AccessExclusiveLock on public.users'],
    ['ALTER TABLE audit.events ADD COLUMN at timestamptz', 'AccessExclusiveLock on audit.events'],
    ['CREATE INDEX ON users (email)', 'ShareLock on public.users'],
    ['LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE', 'ShareRowExclusiveLock on public.users'],
    ['DROP TABLE users', 'AccessExclusiveLock on public.users and 1 more'],
  ])('are whoever holds the lock of %s', async (sql, relation) => {
    await withClient(database.url, async client => {
      await client.query('BEGIN')
      await client.query(sql)

      const blockers = await readBlockers(session, HOUR)

      expect(blockers).toMatchObject([
        { kind: 'lock', user: theLab().postgres.user, state: 'idle in transaction', waitsFor: [], relation },
      ])
      expect(blockers[0]?.query).toBe(sql)
      expect(blockers[0]?.ageMs).toBeGreaterThanOrEqual(0)
      expect(blockers[0]?.ageMs).toBeLessThan(10_000)
    })
    expect(await readBlockers(session, HOUR)).toEqual([])
  })

  it('are whoever waits for such a lock too, with the one it waits for', async () => {
    await withClient(database.url, async reader => {
      await reader.query('BEGIN')
      await reader.query("SELECT * FROM users WHERE email = 'ann@example.com'")
      const { rows } = await reader.query('SELECT pg_backend_pid() AS pid')
      await withClient(database.url, async migration => {
        await migration.query("SET application_name = 'migration'; SET lock_timeout = '20s'")
        const waiting = migration.query('ALTER TABLE users ADD COLUMN a int').catch(() => {})
        const blockers = await until(async () => {
          const found = await readBlockers(session, HOUR)
          return found.length > 0 ? found : undefined
        })

        expect(blockers).toMatchObject([
          {
            kind: 'lock',
            application: 'migration',
            state: 'active',
            waitsFor: [rows[0].pid],
            relation: 'waits for AccessExclusiveLock on public.users',
            query: 'ALTER TABLE users ADD COLUMN a int',
          },
        ])
        await reader.query('ROLLBACK')
        await waiting
      })
    })
  })

  it('transactions older than the limit are blockers, shown without query values', async () => {
    await withClient(database.url, async client => {
      await client.query('BEGIN')
      await client.query("SELECT * FROM users WHERE email = 'ann@example.com' AND id = 4711")
      await sleep(150)

      expect(await readBlockers(session, { olderThanMs: 100 })).toMatchObject([
        {
          kind: 'transaction',
          relation: null,
          query: 'SELECT * FROM users WHERE email = … AND id = …',
        },
      ])
      expect(await readBlockers(session, HOUR)).toEqual([])
    })
  })

  it('other dumps of the database are blockers, an idle connection of ours is not', async () => {
    await using idle = await openSession(parseConnectionUrl(database.url))
    await using dump = await openSession(parseConnectionUrl(database.url))
    await dump.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await dump.rows('LOCK TABLE users IN ACCESS SHARE MODE')

    await using passing = await openSession(parseConnectionUrl(database.url))
    await passing.rows('BEGIN')
    const blockers = await readBlockers(session, HOUR)

    expect(blockers).toMatchObject([{ kind: 'dump', pid: Number(dump.pid), application: 'pg-runbook' }])
    expect(blockers.map(({ pid }) => pid)).not.toContain(Number(idle.pid))
  })

  it('are not in another database, and never our own session', async () => {
    await using other = await createDatabase(theLab(), SCHEMA)
    await withClient(other.url, async client => {
      await client.query('BEGIN; LOCK TABLE users')

      expect(await readBlockers(session, { olderThanMs: 0 })).toEqual([])
    })
  })

  it('come with the oldest first', async () => {
    await withClient(database.url, async first => {
      await first.query('BEGIN; LOCK TABLE audit.events')
      await sleep(50)
      await withClient(database.url, async second => {
        await second.query('BEGIN; LOCK TABLE users')

        const relations = (await readBlockers(session, HOUR)).map(({ relation }) => relation)

        expect(relations).toEqual([
          'AccessExclusiveLock on audit.events',
          'AccessExclusiveLock on public.users',
        ])
      })
    })
  })

  it('a role without privileges sees its blockers and the number of hidden sessions', async () => {
    const user = `nobody_${database.name.slice(-8)}`
    await database.query(`CREATE ROLE ${user} LOGIN PASSWORD 'p'`)
    try {
      await withClient(database.url, async client => {
        await client.query("SET application_name = 'app'; BEGIN; LOCK TABLE users")
        await using stranger = await openSession(
          parseConnectionUrl(databaseUrl(theLab(), database.name, { user, password: 'p' })),
        )

        expect(await readBlockers(stranger, HOUR)).toMatchObject([
          {
            kind: 'lock',
            user: theLab().postgres.user,
            state: null,
            ageMs: null,
            query: '<insufficient privilege>',
            relation: 'AccessExclusiveLock on public.users',
          },
        ])
        // The client and the session of these tests, and no worker of the server.
        expect(await countHiddenSessions(stranger)).toBe(2)
        expect(await countHiddenSessions(session)).toBe(0)
      })
    } finally {
      await database.query(`DROP ROLE ${user}`)
    }
  })
})

describe('blockers of a server of its own', () => {
  it('are no vacuum, even for a role that may not see what it is', async () => {
    await using server = await startOwnServer(theLab().postgres.binDir, {
      autovacuum_naptime: '1s',
      // So that it takes a while.
      autovacuum_vacuum_cost_delay: '100ms',
      autovacuum_vacuum_cost_limit: '1',
    })
    await using session = await openSession(server.connection)
    await session.rows("CREATE ROLE stranger LOGIN PASSWORD 'p'")
    await session.rows('CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 50000) AS i')
    await session.rows('DELETE FROM t')
    await using stranger = await openSession({
      ...server.connection,
      user: 'stranger',
      password: new Secret('p'),
    })
    await until(async () => {
      const { n } = await session.row<{ n: string }>(
        `SELECT count(*)::text AS n FROM pg_locks JOIN pg_stat_activity USING (pid)
          WHERE backend_type = 'autovacuum worker' AND relation = 't'::regclass`,
      )
      return n !== '0'
    })

    expect(await readBlockers(stranger, { olderThanMs: 0 })).toEqual([])
    expect(await countHiddenSessions(stranger)).toBe(1)
  })

  it('are prepared transactions, with the locks that they hold', async () => {
    await using server = await startOwnServer(theLab().postgres.binDir, { max_prepared_transactions: '5' })
    await using session = await openSession(server.connection)
    await session.rows('CREATE TABLE users (id int)')
    await session.rows('BEGIN')
    await session.rows('ALTER TABLE users ADD COLUMN email text')
    await session.rows("PREPARE TRANSACTION 'left behind'")

    expect(await readBlockers(session, HOUR)).toMatchObject([
      {
        kind: 'prepared',
        pid: null,
        user: 'postgres',
        state: 'left behind',
        relation: 'AccessExclusiveLock on public.users',
      },
    ])
    await session.rows("ROLLBACK PREPARED 'left behind'")
    expect(await readBlockers(session, HOUR)).toEqual([])
  })

  it('are standbys that are behind, seen from either side', async () => {
    const { binDir } = theLab().postgres
    await using primary = await startOwnServer(binDir)
    await using standby = await startStandby(binDir, primary)
    await using onPrimary = await openSession(primary.connection)
    await using onStandby = await openSession(standby.connection)
    await onPrimary.rows('CREATE TABLE t (id int)')
    await until(async () => (await onStandby.row("SELECT to_regclass('t')::text AS t")).t === 't')
    expect(await readBlockers(onPrimary, HOUR)).toEqual([])
    expect(await readBlockers(onStandby, HOUR)).toEqual([])

    await onStandby.rows('SELECT pg_wal_replay_pause()')
    await onPrimary.rows('INSERT INTO t VALUES (1)')
    await sleep(1000)
    const [paused] = await readBlockers(onStandby, HOUR)
    expect(paused).toMatchObject({
      kind: 'replication',
      pid: null,
      state: 'this server is a standby, its replay is paused',
    })
    expect(paused?.ageMs).toBeGreaterThan(900)

    await onStandby.rows('SELECT pg_wal_replay_resume()')
    // The lag is what the standby last told: here how long that insert took to be replayed.
    const lag = await until(async () => {
      const found = await readBlockers(onPrimary, { olderThanMs: 500 })
      return found.length > 0 ? found : undefined
    })
    expect(lag).toMatchObject([
      { kind: 'replication', application: 'walreceiver', state: 'streaming, async' },
    ])
    expect(lag[0]?.ageMs).toBeGreaterThan(900)

    await primary[Symbol.asyncDispose]()
    const alone = await until(async () => {
      const found = await readBlockers(onStandby, HOUR)
      return found.length > 0 ? found : undefined
    })
    expect(alone).toMatchObject([{ state: 'this server is a standby without a connection to its primary' }])
  })
})

/** Waits until something is there: locks of other sessions and lag take a moment to show. */
async function until<T>(read: () => Promise<T | undefined | false>): Promise<T> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const found = await read()
    if (found !== undefined && found !== false) return found
    await sleep(50)
  }
  throw new Error('Nothing showed up within 10 s')
}
