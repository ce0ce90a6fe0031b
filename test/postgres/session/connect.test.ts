import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { rootCertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OperatorError } from '../../../src/core/errors.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { explain } from '../../../src/postgres/session/error-rules.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { askPsql } from '../../support/ask-psql.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

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

describe('a connection', () => {
  const ADVERSARIAL = `:\\ %"'$\`#@/?&=;*!äß漢😀 `

  it('libpq and we read special characters in user, password and database alike', async () => {
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
      expect(await askPsql(connection, sql, directory)).toBe(`${user}|${name}`)
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
        expect(await askPsql(connection, sql, directory)).toBe(expected)
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
        const libpq = await outcome(() => askPsql(connection, SQL, directory))
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
      const libpq = await askPsql(connection, SQL, directory).then(
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
