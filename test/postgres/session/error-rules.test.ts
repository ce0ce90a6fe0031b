import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { rootCertificates } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OperatorError } from '../../../src/core/errors.ts'
import { type Connection, parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { connectionEnvironment } from '../../../src/postgres/client-tools/passfile.ts'
import { explain } from '../../../src/postgres/session/error-rules.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, type TestDatabase, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()

describe('what goes wrong with a connection is told alike by us and by pg_dump', () => {
  let database: TestDatabase
  let directory: string
  let otherCa: string
  const role = `limited_${randomBytes(4).toString('hex')}`
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    otherCa = join(directory, 'other.crt')
    await writeFile(otherCa, rootCertificates[0] ?? '')
    database = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS a')
    await database.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT 0; CREATE ROLE ${role}_off NOLOGIN PASSWORD 'x'; CREATE ROLE ${role}_poor LOGIN PASSWORD 'x'`,
    )
  })
  afterAll(async () => {
    await database.query(`DROP ROLE ${role}, ${role}_off, ${role}_poor`)
    await database.drop()
    await rm(directory, { recursive: true })
  })

  /** The error of our session, and the rule for what pg_dump says. */
  async function bothFail(url: string): Promise<{ ours: unknown; theirs: string | undefined; said: string }> {
    const connection = parseConnectionUrl(url)
    const ours = await openSession(connection).then(
      () => undefined,
      (error: unknown) => error,
    )
    const said = await stderrOfPgDump(connection)
    return { ours: ours instanceof OperatorError ? ours.code : ours, theirs: explain(said)?.code, said }
  }

  async function stderrOfPgDump(connection: Connection): Promise<string> {
    const env = await connectionEnvironment(connection, directory, { PATH: process.env.PATH })
    return await promisify(execFile)(join(lab.postgres.binDir, 'pg_dump'), ['--no-password'], { env }).then(
      () => '',
      (error: { readonly stderr: string }) => error.stderr,
    )
  }

  const change = (edit: (url: URL) => void) => () => {
    const url = new URL(database.url)
    edit(url)
    return url.href
  }

  it.each([
    [
      'a wrong password',
      change(url => {
        url.password = 'wrong'
      }),
      'DATABASE_AUTH',
    ],
    [
      'no password',
      change(url => {
        url.password = ''
      }),
      'DATABASE_AUTH',
    ],
    [
      'an unknown role',
      change(url => {
        url.username = 'nobody_knows'
      }),
      'DATABASE_AUTH',
    ],
    [
      'a role that may not log in',
      change(url => {
        url.username = `${role}_off`
        url.password = 'x'
      }),
      'DATABASE_AUTH',
    ],
    [
      'a role with too many connections',
      change(url => {
        url.username = role
        url.password = 'x'
      }),
      'DATABASE_UNREACHABLE',
    ],
    [
      'an unknown database',
      change(url => {
        url.pathname = '/nowhere'
      }),
      'DATABASE_AUTH',
    ],
    [
      'a port where nobody listens',
      change(url => {
        url.port = '9'
      }),
      'DATABASE_UNREACHABLE',
    ],
    [
      'a name that does not resolve',
      change(url => {
        url.hostname = 'no-such-host.invalid'
      }),
      'DATABASE_UNREACHABLE',
    ],
    [
      'a socket that is not there',
      () => `postgresql://postgres@%2Fnowhere/${database.name}`,
      'DATABASE_UNREACHABLE',
    ],
    [
      'a certificate of somebody else',
      change(url => {
        url.search = `?sslmode=verify-ca&sslrootcert=${encodeURIComponent(otherCa)}`
      }),
      'DATABASE_UNREACHABLE',
    ],
    [
      'a certificate for another name',
      change(url => {
        url.hostname = '0.0.0.0'
        url.search = `?sslmode=verify-full&sslrootcert=${encodeURIComponent(lab.postgres.caFile)}`
      }),
      'DATABASE_UNREACHABLE',
    ],
  ] as const)('%s', async (_, url, code) => {
    const { ours, theirs, said } = await bothFail(url())
    expect(ours).toBe(code)
    expect(theirs, said).toBe(code)
  })

  it('a table that may not be read', async () => {
    const url = change(to => {
      to.username = `${role}_poor`
      to.password = 'x'
    })()
    await using session = await openSession(parseConnectionUrl(url))
    await expect(session.rows('SELECT FROM public.t')).rejects.toMatchObject({ code: 'DATABASE_PRIVILEGES' })
    expect(explain(await stderrOfPgDump(parseConnectionUrl(url)))?.code).toBe('DATABASE_PRIVILEGES')
  })

  it('a session that somebody ends', async () => {
    await using session = await openSession(parseConnectionUrl(database.url))
    const waiting = session.rows('SELECT pg_sleep(30)')
    const ended = expect(waiting).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    await withClient(database.url, client => client.query(`SELECT pg_terminate_backend(${session.pid})`))
    await ended
  })
})

describe('a message', () => {
  it.each([
    ['pg_restore: error: could not execute query: ERROR:  role "app" does not exist'],
    ['pg_restore: error: could not open input file "/tmp/x.dump": No such file or directory'],
    ['pg_restore: error: could not open output file "/x": Permission denied'],
    ['pg_restore: error: could not execute query: ERROR:  database "other" does not exist'],
    ['pg_dump: error: query failed: ERROR:  invalid input syntax for type integer: "28000"'],
    ['ERROR:  canceling statement due to statement timeout'],
  ])('about something else is not taken for a connection that failed: %s', message => {
    expect(explain(message)).toBeUndefined()
  })

  it.each(['ImagePipeline', 'agenOent'])('about a table %s is not taken for a code in its name', name => {
    expect(explain(`permission denied for table ${name} (42501)`)?.code).toBe('DATABASE_PRIVILEGES')
  })
})
