import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { parseNamePattern } from '../../../src/core/pg/name-pattern.ts'
import { countHiddenSessions, readBlockers } from '../../../src/postgres/catalog/blockers.ts'
import { readRestoredContent } from '../../../src/postgres/catalog/content.ts'
import { readIdentity } from '../../../src/postgres/catalog/database-identity.ts'
import { measureLive } from '../../../src/postgres/catalog/measure-criteria.ts'
import { readMigrationTables } from '../../../src/postgres/catalog/migration-tables.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { openSource } from '../../../src/postgres/source/source.ts'
import { createDatabase, databaseUrl, type TestDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()
const signal = new AbortController().signal

/**
 * A schema that comes before pg_catalog on every path, and holds a function for every function of
 * pg_catalog, an operator for every operator, and a view for every view and table: each raises `sprung` when
 * it runs.
 */
const TRAPS = `
  CREATE SCHEMA traps;
  CREATE FUNCTION traps.spring() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'sprung'; END $$;
  DO $$ DECLARE r record; BEGIN
    FOR r IN SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS args, format_type(p.prorettype, NULL) AS result
               FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
              WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND t.typtype <> 'p' AND p.provariadic = 0 LOOP
      BEGIN
        EXECUTE format('CREATE FUNCTION traps.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', r.proname, r.args, r.result, 'BEGIN RAISE EXCEPTION ''sprung''; END');
      EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
    FOR r IN SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprcode::regproc AS f, p.proname
               FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode WHERE o.oprleft <> 0 LOOP
      BEGIN
        EXECUTE format('CREATE OPERATOR traps.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = traps.%I)', r.oprname, r.l, r.r, r.proname);
      EXCEPTION WHEN OTHERS THEN NULL; END;
    END LOOP;
    FOR r IN SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') LOOP
      EXECUTE format('CREATE VIEW traps.%I AS SELECT traps.spring()', r.relname);
    END LOOP;
  END $$;`

const APP = `
  CREATE TABLE public.users (id serial PRIMARY KEY, created_at timestamptz DEFAULT now());
  INSERT INTO public.users DEFAULT VALUES;
  CREATE SEQUENCE public.unused;
  CREATE VIEW public.seen AS SELECT traps.spring() AS version;
  CREATE TABLE public.schema_migrations (version varchar NOT NULL PRIMARY KEY);
  INSERT INTO public.schema_migrations VALUES ('1');`

describe('a session that reads', () => {
  let database: TestDatabase
  let connection: Connection
  const reader = `reader_${randomBytes(4).toString('hex')}`
  beforeAll(async () => {
    database = await createDatabase(lab, `${TRAPS} ${APP}`)
    await database.query(`CREATE ROLE ${reader} LOGIN PASSWORD 'x' IN ROLE pg_read_all_data;
      GRANT USAGE ON SCHEMA traps TO PUBLIC;
      ALTER DATABASE ${database.name} SET search_path = traps, public, pg_catalog`)
    connection = parseConnectionUrl(databaseUrl(lab, database.name, { user: reader, password: 'x' }))
  })
  afterAll(async () => {
    await database.drop()
    const server = await createDatabase(lab, '')
    await server.query(`DROP ROLE ${reader}`)
    await server.drop()
  })

  it('would run code of the database without its settings', async () => {
    await using session = await openSession(connection)
    await expect(session.rows('SELECT current_database()')).rejects.toThrow('sprung')
    await expect(session.rows('SELECT FROM pg_class')).rejects.toThrow()
  })

  it('runs nothing of it in a dump', async () => {
    await using source = await openSource(connection, signal)
    const selection = { tables: [], excludeTables: [parseNamePattern('nothing')], schemas: [] }
    await source.readFacts(selection)
    await source.refuseObstacles(selection)
    expect(await source.findUnmatched(['users', 'nothing'])).toEqual(['nothing'])
    const snapshot = await source.holdSnapshot(selection, 10_000)
    const content = await source.readContent(snapshot, 'content', false)
    expect(content.tables.map(({ name }) => name)).toEqual(['schema_migrations', 'users'])
    const sequences = await source.readSequences(snapshot, false)
    expect([...sequences.values()].map(({ value, next }) => value ?? next)).toEqual(['1', '1'])
    await snapshot[Symbol.asyncDispose]()
  })

  it('runs nothing of it where it measures a live database', async () => {
    const users = { schema: undefined, name: 'users' }
    const criterion = { kind: 'table', name: 'users', table: users, tolerancePpm: 0 } as const
    const measured = await measureLive(connection, [criterion], signal)
    expect(measured.get('users')).toMatchObject({ kind: 'table', rows: 1 })
  })

  it('runs nothing of it where the gate looks around', async () => {
    await using session = await openSession(connection, signal, 'reading')
    expect((await readMigrationTables(session)).tables).toMatchObject([{ rows: [{ version: '1' }] }])
    await readBlockers(session, { olderThanMs: 0 })
    await countHiddenSessions(session)
    await readIdentity(session)
  })

  it('runs nothing of it where it reads a restored copy', async () => {
    const content = await readRestoredContent(connection, { level: 'content', tables: [] }, signal)
    expect(content.tables).toHaveLength(2)
  })

  it('does not ask a policy, nor a view that was a table or sequence a moment ago', async () => {
    await database.query(`ALTER TABLE public.schema_migrations ENABLE ROW LEVEL SECURITY;
      CREATE POLICY p ON public.schema_migrations USING (traps.spring() = '')`)
    await using session = await openSession(connection, signal, 'reading')
    expect(await readMigrationTables(session)).toMatchObject({
      gaps: [expect.stringContaining('row security hides rows')],
    })
    const said: string[] = []
    for (const sql of [
      'SELECT version FROM public.schema_migrations',
      'SELECT version FROM public.seen',
      'CREATE TEMP TABLE t ()',
    ])
      said.push(await session.rows(sql).then(String, (error: Error) => error.message))
    expect(said.join('\n')).not.toContain('sprung')
    expect(said).toEqual([
      expect.stringContaining('row-level security'),
      expect.stringContaining('access to non-system view'),
      expect.stringContaining('read-only transaction'),
    ])
  })
})
