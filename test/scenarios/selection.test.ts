import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DumpOptions, dumpArguments } from '../../src/core/backup/dump-options.ts'
import { parseConnectionUrl } from '../../src/core/pg/connection.ts'
import { parseNamePattern } from '../../src/core/pg/name-pattern.ts'
import { readTables } from '../../src/postgres/catalog/tables.ts'
import { type DumpReport, startDump } from '../../src/postgres/client-tools/pg-dump.ts'
import { openSession, type Session } from '../../src/postgres/session/session.ts'
import { readAll } from '../support/byte-source.ts'
import { createDatabase, databaseUrl, type TestDatabase, withClient } from '../support/database.ts'
import { theLab } from '../support/lab.ts'
import { createWorkplace } from '../support/runner/workplace.ts'

const lab = theLab()

/** Everything that makes it hard to say which tables a dump holds. */
const SCHEMA = `
  CREATE SCHEMA audit; CREATE SCHEMA "Mixed"; CREATE SCHEMA "a.b"; CREATE SCHEMA later; CREATE SCHEMA "größe";
  CREATE TABLE users (id int); CREATE TABLE users_old (id int); CREATE TABLE orders (id int);
  CREATE TABLE "Users" (id int); CREATE TABLE "Mixed"."Users" (id int); CREATE TABLE "Mixed".users (id int);
  CREATE TABLE audit.users (id int); CREATE TABLE audit.log (id int); CREATE TABLE later.only_here (id int);
  CREATE TABLE "a.b"."c.d" (id int); CREATE TABLE "a.b".c (id int); CREATE TABLE "say ""hi""" (id int);
  CREATE TABLE "with space" (id int); CREATE TABLE "dollar$x" (id int); CREATE TABLE "star*" (id int);
  CREATE TABLE "Größe" (id int); CREATE TABLE "größe"."ÄÖ" (id int); CREATE TABLE "ints[]" (id int); CREATE TABLE "line
break" (id int);
  CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
  CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE later.events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (id);
  CREATE TABLE audit.events_2026_1 PARTITION OF later.events_2026 FOR VALUES IN (1);
  CREATE INDEX ON events (id);
  CREATE TABLE animals (id int); CREATE TABLE cats (lives int) INHERITS (animals); CREATE TABLE audit.kittens () INHERITS (cats);
  CREATE UNLOGGED TABLE scratch (id int);
  CREATE VIEW users_view AS SELECT * FROM users; CREATE MATERIALIZED VIEW users_mv AS SELECT * FROM users;
  CREATE SEQUENCE users_seq; CREATE TABLE empty_of_columns (); CREATE TYPE users_type AS (a int);
  CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE abroad (id int) SERVER other;
  CREATE EXTENSION citext SCHEMA later;
  CREATE TABLE member (id int); CREATE TABLE config (id int); CREATE SCHEMA of_extension; CREATE TABLE of_extension.mine (id int);
  CREATE TABLE of_extension.settings (id int); CREATE TABLE later.some_rows (id int); CREATE UNLOGGED TABLE unlogged_config (id int);
  ALTER EXTENSION citext ADD TABLE member; ALTER EXTENSION citext ADD TABLE config; ALTER EXTENSION citext ADD SCHEMA of_extension;
  ALTER EXTENSION citext ADD TABLE of_extension.settings; ALTER EXTENSION citext ADD TABLE later.some_rows; ALTER EXTENSION citext ADD TABLE unlogged_config;
  UPDATE pg_extension SET extconfig = ARRAY['config', 'of_extension.settings', 'later.some_rows', 'unlogged_config']::regclass[]::oid[],
                          extcondition = ARRAY['', '', 'WHERE id > 5', ''] WHERE extname = 'citext';
`

interface Choice {
  readonly tables?: readonly string[]
  readonly excludeTables?: readonly string[]
  readonly schemas?: readonly string[]
}

/** Chosen to differ in how quotes, case, wildcards, children, schemas and visibility work. */
const CHOICES: readonly Choice[] = [
  {},
  { tables: ['users'] },
  { tables: ['Users'] },
  { tables: ['"Users"'] },
  { tables: ['users*'] },
  { tables: ['user?'] },
  { tables: ['*.users'] },
  { tables: ['*.*users*'] },
  { tables: ['audit.*'] },
  { tables: ['AUDIT.LOG'] },
  { tables: ['"Mixed".*'] },
  { tables: ['mixed.*', 'orders'] },
  { tables: ['"Mixed"."Users"'] },
  { tables: ['only_here', 'orders'] },
  { tables: ['later.only_here'] },
  { tables: ['events'] },
  { tables: ['later.events_2026'] },
  { tables: ['animals'] },
  { tables: ['cats'] },
  { tables: ['*'] },
  { tables: ['*.*'] },
  { tables: ['users|orders'] },
  { tables: ['(users|log)'] },
  { tables: ['events_[0-9]+'] },
  { tables: ['"a.b"."c.d"'] },
  { tables: ['"a.b".*'] },
  { tables: ['"say ""hi"""'] },
  { tables: ['"with space"', '"dollar$x"', 'dollar$x'] },
  { tables: ['"star*"'] },
  { tables: ['"line\nbreak"'] },
  { tables: ['"Größe"', 'größe', 'orders'] },
  { tables: ['GRÖßE', 'orders'] },
  { tables: ['größe.*'] },
  { tables: ['ints[]'] },
  { tables: ['scratch', 'abroad', 'users_view', 'users_mv', 'empty_of_columns'] },
  { tables: ['member', 'config', 'of_extension.mine'] },
  { tables: ['*.*_2026*'], excludeTables: ['audit.*'] },
  { tables: ['users'], schemas: ['audit'] },
  { excludeTables: ['users'] },
  { excludeTables: ['*.users', '"Users"'] },
  { excludeTables: ['events'] },
  { excludeTables: ['later.events_2026'] },
  { excludeTables: ['animals'] },
  { excludeTables: ['no_such_table'] },
  { schemas: ['audit'] },
  { schemas: ['AUDIT', '"Mixed"'] },
  { schemas: ['*'] },
  { schemas: ['a*'] },
  { schemas: ['later'], excludeTables: ['later.events_2026'] },
  { schemas: ['of_extension'] },
  { schemas: ['later'] },
  { excludeTables: ['config'] },
  { excludeTables: ['of_extension.*', 'later.some_rows'] },
  { tables: ['*.*o*'], excludeTables: ['of_extension.*'] },
  { schemas: ['public'], excludeTables: ['*'] },
]

describe('the tables that we say a dump holds', () => {
  let database: TestDatabase
  let session: Session
  beforeAll(async () => {
    database = await createDatabase(lab, `${SCHEMA} CREATE TEMP TABLE passing (id int);`)
    await database.query(`ALTER DATABASE ${database.name} SET search_path = "$user", public, "Mixed"`)
    session = await openSession(parseConnectionUrl(database.url))
  })
  afterAll(async () => {
    await session[Symbol.asyncDispose]()
    await database.drop()
  })

  it.each(CHOICES.map(choice => [JSON.stringify(choice), choice] as const))(
    'are those that pg_dump dumps: %s',
    async (_, choice) => {
      const { tables = [], excludeTables = [], schemas = [] } = choice

      const ours = await readTables(session, {
        tables: tables.map(parseNamePattern),
        excludeTables: excludeTables.map(parseNamePattern),
        schemas: schemas.map(parseNamePattern),
      })

      const dumped = await announced(database, { ...OPTIONS, tables, excludeTables, schemas })
      const expected = ours
        .filter(table => !table.isPartitioned)
        .map(table => `${table.schema}.${table.name}`)
      expect(dumped.toSorted()).toEqual(expected.toSorted())
    },
  )
})

describe('pg_dump', () => {
  it('ends when a pattern matches nothing, and we say which', async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE a (id int)')
    const options = { ...OPTIONS, tables: ['a', 'renamed'] }
    await expect(announced(database, options, true)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('"renamed"'),
    })
  })

  it('is understood where the database is not in UTF-8', async () => {
    const name = `latin_${randomBytes(4).toString('hex')}`
    const create = `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`
    await withClient(databaseUrl(lab, 'postgres'), client => client.query(create))
    try {
      const url = databaseUrl(lab, name)
      await withClient(url, client =>
        client.query('CREATE TABLE "Größe" (a int); CREATE TABLE plain (a int); CREATE TABLE "Ã¤" (a int)'),
      )
      const { dumpedTables } = await dump(url, OPTIONS)
      // The bytes of the last one are UTF-8 too, for another name.
      const names = ['public.Größe', 'public.plain', 'public.Länge', 'public.Gr', 'public.Ã¤']
      expect(names.map(table => dumpedTables.has(table, 'LATIN1'))).toEqual([true, true, false, false, true])
      expect(dumpedTables.size).toBe(3)
    } finally {
      await withClient(databaseUrl(lab, 'postgres'), client => client.query(`DROP DATABASE ${name}`))
    }
  })
})

const OPTIONS: DumpOptions = {
  format: 'custom',
  compression: 'none',
  lockTimeoutMs: 1000,
  tables: [],
  excludeTables: [],
  schemas: [],
}

/** Runs our pg_dump to its end. */
async function dump(url: string, options: DumpOptions, isStrict = false): Promise<DumpReport> {
  const args = dumpArguments(options, '').filter(
    arg => !arg.startsWith('--snapshot') && (isStrict || arg !== '--strict-names'),
  )
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C' }
  await using running = await startDump({
    path: join(lab.postgres.binDir, 'pg_dump'),
    args: [...args, `--dbname=${url}`],
    env,
    directory: createWorkplace().temp,
  })
  await readAll(running.archive)
  return await running.finished
}

/** The tables whose contents pg_dump announces. */
async function announced(
  database: TestDatabase,
  options: DumpOptions,
  isStrict = false,
): Promise<readonly string[]> {
  const { dumpedTables } = await dump(database.url, options, isStrict).catch(error => {
    // Nothing fits: pg_dump calls that an error, and so does the step.
    if (!isStrict && /no matching tables were found/.test(String(error)))
      return { dumpedTables: { values: () => [] as string[] } }
    throw error
  })
  return [...dumpedTables.values()]
}
