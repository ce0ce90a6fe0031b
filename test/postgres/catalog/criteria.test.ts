import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import type { Condition } from '../../../src/core/criteria/condition.ts'
import type { Criterion, Measurement } from '../../../src/core/criteria/criterion.ts'
import { parseColumnName, parseTableName } from '../../../src/core/criteria/names.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { measure } from '../../../src/postgres/catalog/criteria.ts'
import { pinOutputSettings } from '../../../src/postgres/catalog/fingerprint.ts'
import { openSession, type Session } from '../../../src/postgres/session/session.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const SCHEMA = `
  CREATE SCHEMA audit; CREATE SCHEMA "We.ird";
  CREATE TABLE users (id int PRIMARY KEY, created_at timestamptz, local_at timestamp, born date, name text);
  INSERT INTO users VALUES
    (1, '2026-10-25 00:30+00', '2026-10-25 02:30', '1990-02-01', 'a'),
    (2, '2026-10-25 01:30+00', '2026-10-25 02:30', '1991-02-01', 'b'),
    (3, NULL, NULL, NULL, NULL);
  CREATE TABLE audit.events (id int, at timestamptz); INSERT INTO audit.events SELECT i FROM generate_series(1, 5) i;
  CREATE TABLE "We.ird"."Ta ""b" ("C.ol" timestamptz); INSERT INTO "We.ird"."Ta ""b" VALUES ('infinity');
  CREATE TABLE parts (id int, at timestamptz) PARTITION BY RANGE (id);
  CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);
  CREATE TABLE audit.parts_high PARTITION OF parts FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
  CREATE TABLE audit.parts_top PARTITION OF audit.parts_high DEFAULT;
  INSERT INTO parts SELECT i, '2026-01-01 00:00+00' FROM generate_series(1, 19) i;
  CREATE VIEW some_users AS SELECT * FROM users;
  CREATE DOMAIN moment AS timestamptz; CREATE TABLE moments (at moment); INSERT INTO moments VALUES ('2026-01-01 00:00:00.1239+02');
  CREATE DOMAIN late_moment AS moment CHECK (VALUE > '2020-01-01'); CREATE TABLE late_moments (at late_moment); INSERT INTO late_moments SELECT at FROM moments;
  CREATE SEQUENCE s; CREATE EXTENSION citext`

let database: TestDatabase
let session: Session

beforeAll(async () => {
  database = await createDatabase(theLab(), SCHEMA)
  session = await openSession(parseConnectionUrl(database.url))
  await pinOutputSettings(session)
  // What a server may be set to, and what must not change a measurement.
  await session.rows("SET timezone = 'Europe/Berlin'")
})

afterAll(async () => {
  await session?.[Symbol.asyncDispose]()
  await database?.drop()
})

it('is an error where row security hides rows from this role', async () => {
  const role = `criteria_${database.name}`
  await database.query(
    `CREATE TABLE guarded AS SELECT generate_series(1, 3) AS id; ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
     CREATE POLICY one ON guarded USING (id = 1); CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT SELECT ON guarded TO ${role}`,
  )
  try {
    const url = new URL(database.url)
    url.username = role
    url.password = 'x'
    await using restricted = await openSession(parseConnectionUrl(url.href))
    const hidden = {
      kind: 'error',
      message: 'query would be affected by row-level security policy for table "guarded"',
      isOfServer: true,
    }
    expect(await measure(restricted, ofTable('guarded'))).toEqual(hidden)
    expect(await measure(restricted, ofQuery('SELECT count(*) FROM guarded'))).toEqual(hidden)
  } finally {
    await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})

const ofTable = (name: string): Criterion => ({
  kind: 'table',
  name: 'c',
  table: parseTableName(name),
  tolerancePpm: 0,
})
const ofColumn = (name: string): Criterion => ({
  kind: 'newest',
  name: 'c',
  ...parseColumnName(name),
  withinMs: 0,
})
const ofQuery = (sql: string, condition: Condition = { kind: 'equals', value: '' }): Criterion => ({
  kind: 'query',
  name: 'c',
  sql,
  condition,
})
const EMPTY: Condition = { kind: 'empty', empty: true }

describe('the rows of a table', () => {
  test.each<[string, number, ReadonlyArray<readonly [string, string]>]>([
    ['users', 3, [['public', 'users']]],
    ['USERS', 3, [['public', 'users']]],
    ['public.users', 3, [['public', 'users']]],
    ['audit.events', 5, [['audit', 'events']]],
    ['"We.ird"."Ta ""b"', 1, [['We.ird', 'Ta "b']]],
    [
      'parts',
      19,
      [
        ['audit', 'parts_top'],
        ['public', 'parts_low'],
      ],
    ],
    ['audit.parts_high', 10, [['audit', 'parts_top']]],
  ])('%s: %i', async (name, rows, members) => {
    expect(await measure(session, ofTable(name))).toEqual({
      kind: 'table',
      rows,
      members: members.map(([schema, table]) => ({ schema, name: table })),
    })
  })

  test.each([
    ['events', 'there is no table "events"'],
    ['"Users"', 'there is no table "Users"'],
    ['nowhere.users', 'there is no table "nowhere"."users"'],
    ['some_users', '"some_users" is not a table; use a check of query for it'],
  ])('%s: %s', async (name, message) => {
    expect(await measure(session, ofTable(name))).toEqual({ kind: 'error', message })
  })
})

describe('the newest value of a column', () => {
  test.each([
    // Berlin's clocks went back between the two: an hour apart, and the same on the wall.
    ['users.created_at', '2026-10-25T01:30:00.000Z', true],
    ['users.local_at', '2026-10-25T02:30:00.000Z', false],
    ['users.born', '1991-02-01T00:00:00.000Z', false],
    ['moments.at', '2025-12-31T22:00:00.124Z', true],
    ['late_moments.at', '2025-12-31T22:00:00.124Z', true],
    ['parts.at', '2026-01-01T00:00:00.000Z', true],
  ])('%s is %s', async (name, at, hasTimeZone) => {
    expect(await measure(session, ofColumn(name))).toEqual({ kind: 'newest', at: new Date(at), hasTimeZone })
  })

  it('is none where all are null', async () => {
    expect(await measure(session, ofColumn('audit.events.at'))).toEqual({
      kind: 'newest',
      at: null,
      hasTimeZone: true,
    })
  })

  test.each([
    ['users.updated_at', 'there is no column "public"."users"."updated_at"'],
    ['users.ctid', 'there is no column "public"."users"."ctid"'],
    [
      'users.name',
      '"public"."users"."name" is of type text, not one of timestamp with time zone, timestamp without time zone, date',
    ],
    ['"We.ird"."Ta ""b"."C.ol"', 'the newest value of "We.ird"."Ta ""b"."C.ol" is Infinity'],
  ])('%s: %s', async (name, message) => {
    expect(await measure(session, ofColumn(name))).toEqual({ kind: 'error', message })
  })
})

describe('a query', () => {
  test.each<[string, Measurement]>([
    ['SELECT count(*) FROM users', { kind: 'query', rows: 1, value: '3' }],
    ['SELECT name FROM users ORDER BY id DESC LIMIT 1', { kind: 'query', rows: 1, value: null }],
    ['SELECT 1 WHERE false', { kind: 'query', rows: 0, value: null }],
    ['SELECT id FROM users ORDER BY id', { kind: 'query', rows: 2, value: '1' }],
    ['SELECT true', { kind: 'query', rows: 1, value: 'true' }],
    ['SELECT 9223372036854775807', { kind: 'query', rows: 1, value: '9223372036854775807' }],
    ['SELECT 2 AS a, 1 AS a, 3 AS "1"', { kind: 'query', rows: 1, value: '2' }],
    ['WITH c AS (SELECT 5) SELECT * FROM c -- five', { kind: 'query', rows: 1, value: '5' }],
    ['VALUES (4)', { kind: 'query', rows: 1, value: '4' }],
  ])('%s', async (sql, measurement) => {
    expect(await measure(session, ofQuery(sql))).toEqual(measurement)
  })

  test.each([
    ['SELECT * FROM users', 3],
    ['SELECT id AS a, id AS a FROM users WHERE id > 9', 0],
  ])('%s has %i rows', async (sql, rows) => {
    expect(await measure(session, ofQuery(sql, EMPTY))).toEqual({ kind: 'query', rows, value: null })
  })

  test.each([
    ['SELECT * FROM nowhere', 'relation "nowhere" does not exist'],
    ['SELEC 1', 'syntax error at or near "1"'],
    ['SELECT 1/0', 'division by zero'],
    ['DELETE FROM users', 'syntax error at or near "FROM"'],
    ['SELECT 1; DROP TABLE users', 'syntax error at or near ";"'],
    [
      'SELECT 1) AS q(pg_runbook_value); COMMIT; DROP TABLE users; SELECT 2 FROM (SELECT 1',
      'cannot insert multiple commands into a prepared statement',
    ],
    [`SELECT nextval('s')`, 'cannot execute nextval() in a read-only transaction'],
  ])('%s is answered with an error, and nothing is thrown or changed', async (sql, message) => {
    expect(await measure(session, ofQuery(sql))).toEqual({ kind: 'error', message })
    expect(await measure(session, ofTable('users'))).toMatchObject({ rows: 3 })
  })

  it('cannot write, not even by a function', async () => {
    await database.query(`CREATE FUNCTION purge() RETURNS int LANGUAGE sql AS 'DELETE FROM users; SELECT 1'`)
    expect(await measure(session, ofQuery('SELECT purge()'))).toEqual({
      kind: 'error',
      message: 'cannot execute DELETE in a read-only transaction',
    })
    expect(await measure(session, ofTable('users'))).toMatchObject({ rows: 3 })
  })

  it('is ended after its time', async () => {
    const before = Date.now()
    expect(await measure(session, ofQuery('SELECT pg_sleep(60)'), 200)).toEqual({
      kind: 'error',
      message: 'canceling statement due to statement timeout',
      isOfServer: true,
    })
    expect(Date.now() - before).toBeLessThan(20_000)
  })

  it('leaves the settings of the session as they were', async () => {
    await measure(session, ofQuery('SELECT 1'))
    const settings = await session.row<Record<'path' | 'timeout', string>>(
      "SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout",
    )
    expect(settings).toEqual({ path: '""', timeout: '0' })
  })
})

describe('an extension', () => {
  test.each([
    ['citext', expect.stringMatching(/^\d/)],
    ['postgis', null],
  ])('%s', async (extension, version) => {
    const measured = await measure(session, { kind: 'extension', name: 'c', extension })
    expect(measured).toEqual({ kind: 'extension', version })
  })
})

describe('a session that is gone', () => {
  it('is thrown, because it says nothing about the criterion', async () => {
    await using own = await openSession(parseConnectionUrl(database.url))
    await database.query(`SELECT pg_terminate_backend(${own.pid})`)
    await expect(measure(own, ofTable('users'))).rejects.toMatchObject({ name: 'OperatorError' })
  })

  it('in the middle of a query is thrown too', async () => {
    await using own = await openSession(parseConnectionUrl(database.url))
    await expect(
      measure(own, ofQuery('SELECT pg_terminate_backend(pg_backend_pid())')),
    ).rejects.toMatchObject({
      name: 'OperatorError',
    })
  })

  it('because it was aborted gives the reason', async () => {
    const abort = new AbortController()
    await using own = await openSession(parseConnectionUrl(database.url), abort.signal)
    const measuring = measure(own, ofQuery('SELECT pg_sleep(60)'))
    setTimeout(() => abort.abort(new Error('stop')), 200)
    await expect(measuring).rejects.toThrow('stop')
  })
})
