import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, type TestDatabase, withClient } from '../../support/database.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { theLab } from '../../support/lab.ts'
import { startOwnServer, startStandby } from '../../support/own-server.ts'

const lab = theLab()
let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase(lab)
})
afterAll(async () => {
  await database.drop()
})

describe('a session', () => {
  afterEach(() => {
    delete process.env.PGOPTIONS
  })

  it('outlives the timeouts that its database imposes', async () => {
    await database.query(
      `ALTER DATABASE ${database.name} SET statement_timeout = 50; ALTER DATABASE ${database.name} SET idle_in_transaction_session_timeout = 50;
       ALTER DATABASE ${database.name} SET transaction_timeout = 50; ALTER DATABASE ${database.name} SET lock_timeout = 50; ALTER DATABASE ${database.name} SET idle_session_timeout = 50`,
    )
    await using session = await openSession(parseConnectionUrl(database.url))
    await database.query(`ALTER DATABASE ${database.name} RESET ALL`)
    await sleep(100)
    await session.rows('BEGIN')
    await session.rows('SELECT pg_sleep(0.1)')
    await sleep(100)
    await session.rows('COMMIT')
  })

  it('that is cancelled ends its query on the server, and says why it ended', async () => {
    const job = new AbortController()
    const session = await openSession(parseConnectionUrl(database.url), job.signal)
    const reason = new OperatorError('CANCELLED', 'The job was cancelled.')
    const startedAt = performance.now()
    setTimeout(() => job.abort(reason), 200)

    await expect(session.rows('SELECT pg_sleep(60)')).rejects.toBe(reason)

    expect(performance.now() - startedAt).toBeLessThan(3000)
    await expect(session.rows('SELECT 1')).rejects.toBe(reason)
    await untilGone(session.pid)
    await session[Symbol.asyncDispose]()
  })

  it('that is disposed in mid-query ends it on the server', async () => {
    const session = await openSession(parseConnectionUrl(database.url))
    const running = session.rows('SELECT pg_sleep(60)').catch((error: unknown) => error)
    await sleep(200)
    await session[Symbol.asyncDispose]()
    expect(await running).toBeInstanceOf(OperatorError)
    await untilGone(session.pid)
  })

  it('does not wait for a server that says nothing when the job is cancelled', async () => {
    await using proxy = await FaultProxy.start({ port: lab.postgres.port })
    proxy.blackhole()
    const job = new AbortController()
    const reason = new OperatorError('CANCELLED', 'The job was cancelled.')
    const connection = { ...parseConnectionUrl(database.url), port: proxy.port }
    const startedAt = performance.now()
    setTimeout(() => job.abort(reason), 200)
    await expect(openSession(connection, job.signal)).rejects.toBe(reason)
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })

  it('gives up on a silent server after connect_timeout', async () => {
    await using proxy = await FaultProxy.start({ port: lab.postgres.port })
    proxy.blackhole()
    const connection = { ...parseConnectionUrl(database.url), port: proxy.port, connectTimeoutSeconds: 1 }
    await expect(openSession(connection)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  })

  it('that the server ended between two queries tells what the server said', async () => {
    await using session = await openSession(parseConnectionUrl(database.url))
    await database.query(`SELECT pg_terminate_backend(${session.pid})`)
    await untilGone(session.pid)
    await sleep(100)
    await expect(session.rows('SELECT 1')).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      message: expect.stringContaining('due to administrator command (57P01)'),
    })
  })

  it('a conflict with recovery on a standby is named, whether it reads or waits', async () => {
    await using primary = await startOwnServer(lab.postgres.binDir)
    const url = `postgresql://postgres@127.0.0.1:${primary.port}/postgres`
    const change = (...statements: string[]) =>
      withClient(url, async client => {
        for (const statement of statements) await client.query(statement)
      })
    await change(
      'ALTER SYSTEM SET max_standby_streaming_delay = 0',
      'CREATE TABLE t AS SELECT generate_series(1, 1000) AS a',
    )
    await using standby = await startStandby(lab.postgres.binDir, primary)
    for (const meanwhile of ['SELECT pg_sleep(30)', 'SELECT 1']) {
      await using session = await openSession(standby.connection)
      await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      await session.rows('SELECT count(*) FROM t')
      const reading = session.rows(meanwhile)
      await Promise.all([change('UPDATE t SET a = a + 1', 'VACUUM t'), reading.catch(() => {})])
      await sleep(1000)
      await expect(reading.then(() => session.rows('SELECT 1'))).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
        hint: expect.stringContaining('hot_standby_feedback'),
      })
    }
  })

  it('keeps values exact: numbers, dates and nulls come as PostgreSQL prints them', async () => {
    await using session = await openSession(parseConnectionUrl(database.url))
    expect(
      await session.row(
        "SELECT 9223372036854775807 AS big, 1.10 AS exact, NULL AS nothing, '-infinity'::timestamptz AS early, true AS yes, '' AS empty",
      ),
    ).toEqual({
      big: '9223372036854775807',
      exact: '1.10',
      nothing: null,
      early: '-infinity',
      yes: 't',
      empty: '',
    })
  })

  /** The server process of a session that ended. */
  async function untilGone(pid: string): Promise<void> {
    for (let i = 0; i < 40; i += 1) {
      const sql = `SELECT pid FROM pg_stat_activity WHERE pid = ${pid}`
      if ((await withClient(database.url, client => client.query(sql))).rowCount === 0) return
      await sleep(50)
    }
    throw new Error(`The server process ${pid} still runs`)
  }
})
