import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { OperatorError } from '../../../src/core/errors.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { readAccess, refuseMissingPrivileges } from '../../../src/postgres/source/preflight.ts'
import { openSource } from '../../../src/postgres/source/source.ts'
import { createDatabase, databaseUrl } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()
const EVERYTHING = { tables: [], excludeTables: [], schemas: [] }

it('of what belongs to an extension only its configuration has to be readable', async () => {
  await using database = await createDatabase(
    lab,
    `CREATE EXTENSION citext;
     CREATE TABLE member (id serial); CREATE TABLE config (id int); CREATE SEQUENCE settings;
     ALTER EXTENSION citext ADD TABLE member; ALTER EXTENSION citext ADD SEQUENCE member_id_seq;
     ALTER EXTENSION citext ADD TABLE config; ALTER EXTENSION citext ADD SEQUENCE settings;
     CREATE TABLE mine (id int);`,
  )
  const user = `reader_${randomBytes(4).toString('hex')}`
  await database.query(`CREATE ROLE ${user} LOGIN PASSWORD 'x'; GRANT SELECT ON mine TO ${user}`)
  const refusal = async () => {
    const connection = parseConnectionUrl(databaseUrl(lab, database.name, { user, password: 'x' }))
    await using source = await openSource(connection, new AbortController().signal)
    await source.refuseObstacles(EVERYTHING)
  }
  try {
    await refusal()
    await database.query(
      "UPDATE pg_extension SET extconfig = ARRAY['config'::regclass::oid, 'settings'::regclass::oid], extcondition = ARRAY['', ''] WHERE extname = 'citext'",
    )
    await expect(refusal()).rejects.toMatchObject({
      code: 'DATABASE_PRIVILEGES',
      message: expect.stringContaining('no SELECT on public.config; no SELECT on sequence public.settings.'),
    })
    await database.query(`GRANT SELECT ON config, settings TO ${user}`)
    await refusal()
  } finally {
    await database.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`)
  }
})

it('its advice on tables and large objects is enough, for a role of any name', async () => {
  await using database = await createDatabase(lab, "CREATE TABLE t (a int); SELECT lo_from_bytea(0, 'x')")
  const user = `It's "read-only" ${randomBytes(4).toString('hex')}`
  const quoted = `"${user.replaceAll('"', '""')}"`
  await database.query(`CREATE ROLE ${quoted} LOGIN PASSWORD 'x'`)
  const refusal = async (): Promise<OperatorError | undefined> => {
    const connection = parseConnectionUrl(databaseUrl(lab, database.name, { user, password: 'x' }))
    await using source = await openSource(connection, new AbortController().signal)
    return await source.refuseObstacles(EVERYTHING).then(
      () => undefined,
      (error: OperatorError) => error,
    )
  }
  try {
    const hint = (await refusal())?.hint ?? ''
    await database.query(/GRANT pg_read_all_data .*?;/.exec(hint)?.[0] ?? '')
    const left = (await refusal())?.hint ?? ''
    expect(left).not.toContain('pg_read_all_data')
    const generator = / psql: (SELECT .*) \\gexec$/.exec(left)?.[1] ?? ''
    for (const { format } of await database.query<{ format: string }>(generator)) await database.query(format)
    expect(await refusal()).toBeUndefined()
  } finally {
    await database.query(`DROP OWNED BY ${quoted}; DROP ROLE ${quoted}`)
  }
})

it('a table that is dropped while the rights are read is no table without rights', async () => {
  await using database = await createDatabase(lab, 'CREATE SCHEMA s; CREATE TABLE s.staging (id int)')
  await using session = await openSession(parseConnectionUrl(database.url))
  // A statement that began before the drop sees the table still, as does this transaction.
  await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ')
  await session.rows('SELECT 1 AS one')
  await database.query('DROP SCHEMA s CASCADE')
  const access = await readAccess(session, EVERYTHING)
  refuseMissingPrivileges(access, 'postgres')
  const { tables } = access
  expect(tables.map(({ name }) => name)).toEqual(['staging'])
})

it('patterns that leave nothing out are found, and a broken one is named as such', async () => {
  await using database = await createDatabase(lab, 'CREATE TABLE users (id int)')
  await using source = await openSource(parseConnectionUrl(database.url), new AbortController().signal)
  await source.refuseObstacles(EVERYTHING)
  expect(await source.findUnmatched(['users', 'Users', '"Users"', 'audit.*'])).toEqual(['"Users"', 'audit.*'])
  await expect(source.findUnmatched(['users('])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
})

it('an error is not covered up by the rollback that follows it', async () => {
  await using database = await createDatabase(lab)
  await using source = await openSource(parseConnectionUrl(database.url), new AbortController().signal)
  await database.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pg-runbook'",
  )
  await expect(source.readFacts(EVERYTHING)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
})
