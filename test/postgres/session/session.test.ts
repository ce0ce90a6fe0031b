import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { rootCertificates } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { type Connection, parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { connectionEnvironment } from '../../../src/postgres/client-tools/passfile.ts'
import { explain } from '../../../src/postgres/session/error-rules.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, type TestDatabase, withClient } from '../../support/database.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { theLab } from '../../support/lab.ts'
import { startOwnServer, startStandby } from '../../support/own-server.ts'

const lab = theLab()
let database: TestDatabase
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  database = await createDatabase(lab)
})
afterAll(async () => {
  await rm(directory, { recursive: true })
  await database.drop()
})

/** What psql says to a statement over this connection, or its error. */
async function askPsql(connection: Connection, sql: string): Promise<string> {
  const env = await connectionEnvironment(connection, directory, { PATH: process.env.PATH })
  const args = ['--no-psqlrc', '--no-password', '--tuples-only', '--no-align', '--command', sql]
  const { stdout } = await promisify(execFile)(join(lab.postgres.binDir, 'psql'), args, { env })
  return stdout.trimEnd()
}

describe('a connection', () => {
  const ADVERSARIAL = `:\\ %"'$\`#@/?&=;*!äß漢😀 `

  it('libpq and pg-runbook read special characters in user, password and database alike', async () => {
    const nonce = randomBytes(3).toString('hex')
    const user = `u=${nonce}${ADVERSARIAL}`
    const name = `d=${nonce}${ADVERSARIAL}postgresql://x`
    const quote = (text: string) => `"${text.replace(/"/g, '""')}"`
    await database.query(`CREATE ROLE ${quote(user)} LOGIN PASSWORD '${ADVERSARIAL.replace(/'/g, "''")}'`)
    await database.query(`CREATE DATABASE ${quote(name)}`)
    try {
      const { host, port } = lab.postgres
      const url = `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(ADVERSARIAL)}@${host}:${port}/${encodeURIComponent(name)}`
      const connection = parseConnectionUrl(url)
      const sql = "SELECT current_user || '|' || current_database() AS who"
      await using session = await openSession(connection)
      expect(await session.row<{ who: string }>(sql)).toEqual({ who: `${user}|${name}` })
      expect(await askPsql(connection, sql)).toBe(`${user}|${name}`)
      expect((await stat(join(directory, 'passfile'))).mode & 0o777).toBe(0o600)
    } finally {
      await database.query(`DROP DATABASE ${quote(name)} WITH (FORCE)`)
      await database.query(`DROP ROLE ${quote(user)}`)
    }
  })

  it('has the options of its URL and none of the job, as pg_dump has it', async () => {
    process.env.PGOPTIONS = '-c search_path=of_the_job'
    process.env.PGSSLNEGOTIATION = 'direct'
    try {
      for (const [suffix, expected] of [
        ['', '"$user", public'],
        ['?options=-c%20search_path%3Dmine', 'mine'],
      ]) {
        const connection = parseConnectionUrl(`${database.url}${suffix}`)
        await using session = await openSession(connection)
        const sql = "SELECT reset_val AS path FROM pg_catalog.pg_settings WHERE name = 'search_path'"
        expect((await session.row<{ path: string }>(sql)).path).toBe(expected)
        expect(await askPsql(connection, sql)).toBe(expected)
      }
    } finally {
      delete process.env.PGOPTIONS
      delete process.env.PGSSLNEGOTIATION
    }
  })
})

describe('TLS', () => {
  /** A certificate that has nothing to do with the server's. */
  let otherCa: string
  beforeAll(async () => {
    otherCa = join(directory, 'other.crt')
    await writeFile(otherCa, rootCertificates[0] ?? '')
  })

  /** `tls`, `plain`, or that there was no connection. */
  async function outcome(connect: () => Promise<string>): Promise<string> {
    try {
      return (await connect()) === 'true' ? 'tls' : 'plain'
    } catch (error) {
      return /certificate|SSL|does not match/i.test(`${error}`) ? 'refused' : `${error}`
    }
  }

  const SQL = 'SELECT ssl::text AS ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()'
  const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
  // 0.0.0.0 leads here too, and is not in the server's certificate.
  const HOSTS = ['localhost', '127.0.0.1', '0.0.0.0']

  it.each(MODES)('with sslmode=%s is what libpq makes of it', async sslMode => {
    const base = parseConnectionUrl(database.url)
    for (const sslRootCert of [undefined, lab.postgres.caFile, otherCa]) {
      if (sslRootCert === undefined && sslMode.startsWith('verify')) continue
      for (const host of HOSTS) {
        const connection = { ...base, host, sslMode, sslRootCert }
        const ours = await outcome(async () => {
          await using session = await openSession(connection)
          return (await session.row<{ ssl: string }>(SQL)).ssl
        })
        const libpq = await outcome(() => askPsql(connection, SQL))
        const roots = sslRootCert === undefined ? 'none' : sslRootCert === otherCa ? 'other' : 'right'
        expect(`${roots} ${host}: ${ours}`).toBe(`${roots} ${host}: ${libpq}`)
      }
    }
  })

  it('gives the password to no server that does not bind to it, where channel_binding=require', async () => {
    const heard: string[] = []
    // It asks for the password as it is: R, 8 bytes, kind 3.
    const server = createServer(socket => {
      socket.once('data', () => socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3])))
      socket.on('data', bytes => heard.push(bytes.toString('latin1')))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    try {
      const { port } = server.address() as AddressInfo
      const url = `postgresql://u:hunter2@127.0.0.1:${port}/d?sslmode=disable&channel_binding=require`
      await expect(openSession(parseConnectionUrl(url))).rejects.toMatchObject({
        code: 'DATABASE_AUTH',
        message: expect.stringContaining('channel binding is required'),
      })
      expect(heard.join()).not.toContain('hunter2')
    } finally {
      server.close()
    }
  })

  it.each(['disable', 'require'])(
    'with channel_binding=require and sslmode=%s is as with libpq',
    async sslMode => {
      const connection = parseConnectionUrl(`${database.url}?sslmode=${sslMode}&channel_binding=require`)
      const ours = await openSession(connection).then(
        async session => {
          await session[Symbol.asyncDispose]()
          return 'connected'
        },
        (error: OperatorError) => error.code,
      )
      const libpq = await askPsql(connection, SQL).then(
        () => 'connected',
        (error: Error) => explain(error.message)?.code,
      )
      expect(ours).toBe(sslMode === 'require' ? 'connected' : 'DATABASE_AUTH')
      expect(libpq).toBe(ours)
    },
  )

  it('with a root certificate that is not there names the file', async () => {
    const url = `${database.url}?sslmode=verify-full&sslrootcert=/no/such/ca.pem`
    await expect(openSession(parseConnectionUrl(url))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('/no/such/ca.pem'),
    })
  })
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
