import { once } from 'node:events'
import { createServer, connect as dial } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { type Connection, parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { connectionEnvironment } from '../../../src/postgres/client-tools/passfile.ts'
import { beginTransaction } from '../../../src/postgres/client-tools/psql-transaction.ts'
import { createPolicyRoles } from '../../../src/postgres/scratch/policy-roles.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabaseLike } from '../../../src/postgres/target/create-database.ts'
import { namingBlockers } from '../../../src/postgres/target/terminate-sessions.ts'
import { createDatabase, databaseUrl } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'

const lab = theLab()

/** The lab's server at another port of this machine, whose digits look like a SQLSTATE. */
async function serverAtPort(port: number): Promise<{ connection: Connection } & AsyncDisposable> {
  const server = createServer(client => {
    const upstream = dial(lab.postgres.port, lab.postgres.host)
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
  })
  // An address of its own: an outgoing connection of another test may have that port.
  server.listen(port, '127.0.0.2')
  await once(server, 'listening')
  const connection = { ...parseConnectionUrl(databaseUrl(lab, 'postgres')), host: '127.0.0.2', port }
  return { connection, [Symbol.asyncDispose]: async () => void server.close() }
}

describe('the SQLSTATE of an error', () => {
  it('is not read out of the port of the server', async () => {
    await using server = await serverAtPort(42710)
    await using session = await openSession(server.connection)
    // 42939 reserved_name, not 42710 duplicate_object
    await expect(createPolicyRoles(session, server.connection, ['pg_mine'])).rejects.toMatchObject({
      message: expect.stringContaining('reserved'),
      facts: { sqlState: '42939' },
    })
  })

  it('is not guessed from the name of the database', async () => {
    await using database = await createDatabase(lab, '', 'locale')
    await using session = await openSession(parseConnectionUrl(database.url))
    const like = { encoding: 'UTF8', collationProvider: 'c', collate: 'C', ctype: 'C', locale: null }
    await expect(
      createDatabaseLike(session, database.name, { ...like, isStrict: true }),
    ).rejects.toMatchObject({ code: 'DATABASE_FAILED', facts: { sqlState: '42P04' } })
  })

  it('decides whether a statement waited for a lock', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE "lock timeout" ()')
    await using session = await openSession(parseConnectionUrl(database.url))
    const work = session.rows('SELECT a FROM "lock timeout"').then(() => {})
    await expect(namingBlockers(session, session.pid, work)).rejects.toMatchObject({
      code: 'DATABASE_FAILED',
      facts: { sqlState: '42703' },
    })
  })

  it('reaches the error of a statement that psql runs', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE t ()')
    await using holder = await openSession(parseConnectionUrl(database.url))
    await holder.rows('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE')
    const env = await connectionEnvironment(
      parseConnectionUrl(database.url),
      createWorkplace().temp,
      process.env,
    )
    const psql = join(lab.postgres.binDir, 'psql')
    await using transaction = await beginTransaction({ psql, env })
    const work = transaction.run("SET lock_timeout = '200ms'; LOCK TABLE t IN ACCESS SHARE MODE;")
    await expect(work).rejects.toMatchObject({
      message: expect.not.stringContaining('55P03'),
      facts: { sqlState: '55P03' },
    })
  })
})
