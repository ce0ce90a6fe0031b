import { describe, expect, it } from 'vitest'
import type { TableFingerprint } from '../../../src/core/backup/manifest.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { pinOutputSettings, readTableFingerprints } from '../../../src/postgres/catalog/fingerprint.ts'
import { readTables } from '../../../src/postgres/catalog/tables.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()

/** Fingerprints of all tables, by name. */
async function fingerprints(database: TestDatabase): Promise<Readonly<Record<string, TableFingerprint>>> {
  await using session = await openSession(parseConnectionUrl(database.url))
  const tables = await readTables(session, { tables: [], excludeTables: [], schemas: [] })
  await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await pinOutputSettings(session)
  const found = await readTableFingerprints(
    session,
    tables,
    { roots: new Map(), mustLoadViaRoot: false },
    'content',
  )
  return Object.fromEntries(found.map(table => [table.name, table]))
}

const TYPES = `
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b text); CREATE DOMAIN code AS text;
  CREATE TABLE reference (id int);`

/** A column type, a value, and others that a person could take for it. */
const VALUES: readonly (readonly [type: string, value: string, ...others: string[]])[] = [
  ['text', "''", 'NULL', "' '", "'null'"],
  ['text', "'a'", "'A'", "'a '", "'ä'"],
  ['text', `E'a"b,c'`, `'a""b,c'`, `'a"b'`],
  ['text', `E'a\\\\b'`, `E'a\\\\\\\\b'`, `'ab'`],
  ['varchar(9)', "'é'", "E'e\\u0301'"],
  ['text COLLATE "und-x-icu"', "'a'", "'A'"],
  ['char(3)', "'a'", "'b'"],
  ['int', '1', '-1', 'NULL', '0'],
  ['bigint', '9007199254740993', '9007199254740992'],
  ['numeric', '1.0', '1.00', '1', '1.000000000000000000001', "'NaN'"],
  ['float8', '0.1', '0.10000000000000002'],
  ['float8', "'-0'", '0'],
  ['float4', '1e-45', '0', "'Infinity'"],
  ['boolean', 'true', 'false', 'NULL'],
  ['timestamptz', "'2026-03-29 02:30:00+02'", "'2026-03-29 02:30:00+01'", "'infinity'"],
  ['timestamptz', "'2026-01-01 00:00:00.000001Z'", "'2026-01-01 00:00:00Z'"],
  ['timestamp', "'2026-02-03'", "'2026-03-02'"],
  ['date', "'2026-02-03'", "'2026-03-02'", "'0001-01-01 BC'"],
  ['time', "'12:00:00.1'", "'12:00:00.10001'"],
  ['interval', "'1 month'", "'30 days'", "'720:00:00'", "'-1 month'"],
  ['bytea', "'\\x00'", "'\\x'", "'\\x0000'", 'NULL'],
  ['jsonb', `'{"a": 1}'`, `'{"a": 1.0}'`, `'{"a": "1"}'`, `'null'`, 'NULL'],
  ['json', `'{"a":1}'`, `'{"a": 1}'`, `'{"a":1,"a":1}'`],
  ['xml', "'<a/>'", "'<a></a>'"],
  ['int[]', "'{1,2}'", "'{2,1}'", "'{{1,2}}'", "'[0:1]={1,2}'", "'{}'", "'{1,NULL}'"],
  ['text[]', "'{}'", `'{""}'`, "'{NULL}'", `'{"NULL"}'`],
  ['mood', "'sad'", "'ok'"],
  ['pair', "ROW(1, 'x')", "ROW(1, '')", 'ROW(1, NULL)', 'ROW(NULL, NULL)', 'NULL'],
  ['code', "'x'", "'y'"],
  ['int4range', "'[1,3)'", "'[1,3]'", "'empty'", "'(,3)'"],
  ['tstzrange', "'[2026-01-01Z,)'", "'(2026-01-01Z,)'"],
  ['int4multirange', "'{[1,2),[3,4)}'", "'{[1,2)}'"],
  ['uuid', "'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000002'"],
  ['inet', "'10.0.0.1/8'", "'10.0.0.1'"],
  ['bit(3)', "B'101'", "B'100'"],
  ['money', "'1.00'", "'1.01'"],
  ['tsvector', "'a:1 b:2'", "'a:1 b:3'"],
  ['point', "'(1,2)'", "'(1,2.0000000000000004)'"],
  ['regclass', "'reference'", "'pg_class'"],
  ['oid', '1', '2'],
]

describe('the hash of a table', () => {
  it('tells any two values of a column apart', async () => {
    const tables = VALUES.flatMap(([type, ...values], i) =>
      values.map(
        (value, j) =>
          `CREATE TABLE v_${i}_${j} (id int, v ${type}); INSERT INTO v_${i}_${j} VALUES (1, ${value});`,
      ),
    )
    await using database = await createDatabase(lab, TYPES + tables.join('\n'))
    const found = await fingerprints(database)
    for (const [i, [type, ...values]] of VALUES.entries()) {
      const hashes = values.map((_, j) => found[`v_${i}_${j}`]?.contentHash)
      expect(hashes.every(hash => /^[0-9a-f]{32}$/.test(hash ?? ''))).toBe(true)
      expect(new Set(hashes).size, `${type}: ${values.join(' ')}`).toBe(values.length)
    }
  })

  it('tells rows apart that differ in which column holds what, and counts duplicates', async () => {
    const contents = {
      a: "VALUES ('x', 'y')",
      b: "VALUES ('y', 'x')",
      c: "VALUES ('x', 'y'), ('x', 'y')",
      d: "VALUES ('x', 'y'), ('x', 'y'), ('x', 'y')",
      e: "VALUES ('x,y', NULL)",
      f: 'VALUES (NULL, NULL)',
      g: 'VALUES (NULL, NULL), (NULL, NULL)',
      h: 'SELECT NULL, NULL WHERE false',
      i: "VALUES ('x', NULL), (NULL, 'y')",
      j: "VALUES ('x', 'y'), (NULL, NULL)",
    }
    const tables = Object.entries(contents).map(
      ([name, content]) => `CREATE TABLE ${name} (one text, two text); INSERT INTO ${name} ${content};`,
    )
    await using database = await createDatabase(lab, tables.join('\n'))
    const found = Object.values(await fingerprints(database))
    expect(new Set(found.map(table => table.contentHash)).size).toBe(Object.keys(contents).length)
    expect(found.map(table => table.rows)).toEqual([1, 1, 2, 3, 1, 1, 2, 0, 2, 2])
  })

  it('does not depend on the order of rows, on dead rows, or on how values are stored', async () => {
    const row = `i, repeat(md5(i::text), 200), '2026-01-01'::timestamptz + i * interval '1 hour'`
    const columns = '(id int, body text, at timestamptz)'
    await using database = await createDatabase(
      lab,
      `CREATE TABLE a ${columns}; INSERT INTO a SELECT ${row} FROM generate_series(1, 500) AS i;
       CREATE TABLE b (gone int, id int, body text STORAGE external, at timestamptz);
       INSERT INTO b SELECT 0, ${row} FROM generate_series(1, 500) AS i ORDER BY md5(i::text);
       UPDATE b SET body = body || 'x'; UPDATE b SET body = left(body, -1); ALTER TABLE b DROP gone;
       CREATE TABLE c (at timestamptz, body text COMPRESSION lz4) PARTITION BY RANGE (at);
       CREATE TABLE d (body text, at timestamptz, id int); INSERT INTO d (id, body, at) SELECT ${row} FROM generate_series(500, 1, -1) AS i;`,
    )
    const { a, b, d } = await fingerprints(database)
    expect(b?.contentHash).toBe(a?.contentHash)
    expect(d?.contentHash).toBe(a?.contentHash)
    expect(a).toMatchObject({ rows: 500, newest: { column: 'at', value: '2026-01-21 20:00:00+00' } })
  })

  it('does not depend on settings of the database or the role', async () => {
    await using database = await createDatabase(
      lab,
      `CREATE TYPE "User" AS (a int); CREATE TABLE "Group" (a int);
       CREATE TABLE t (a timestamptz, b bytea, c interval, d float8, e money, f regclass, g regtype, h xml, i date, j "Group");
       INSERT INTO t VALUES ('2026-01-01Z', '\\x00ff', '1 day 02:03', 0.1 + 0.2, 1234.5, '"Group"', '"User"', '<a/>', '2026-02-03', ROW(1));
       INSERT INTO t (f, g) VALUES ('pg_class', 'int4')`,
    )
    const before = await fingerprints(database)
    const settings = {
      timezone: "'Asia/Kolkata'",
      datestyle: "'SQL, DMY'",
      intervalstyle: "'iso_8601'",
      bytea_output: "'escape'",
      extra_float_digits: '-5',
      lc_monetary: "'C.UTF-8'",
      search_path: "'public'",
      quote_all_identifiers: 'on',
      xmlbinary: "'hex'",
      xmloption: "'document'",
      default_transaction_isolation: "'serializable'",
      row_security: 'off',
      enable_seqscan: 'off',
      debug_parallel_query: 'on',
      work_mem: "'64kB'",
      client_encoding: "'LATIN1'",
    }
    for (const [name, value] of Object.entries(settings))
      await database.query(`ALTER DATABASE ${database.name} SET ${name} = ${value}`)
    expect(await fingerprints(database)).toEqual(before)
  })

  it('reads tables without columns and tables whose columns have our own names', async () => {
    await using database = await createDatabase(
      lab,
      `CREATE TYPE pair AS (a int, content text);
       CREATE TABLE t (r pair, rows int, content text, newest timestamptz, h0 int, "count" int, "r.newest" date, "say ""hi""" int);
       INSERT INTO t VALUES (ROW(1, 'x'), 2, 'y', '2026-01-01Z', 1, 1, '2026-01-02', 1);
       CREATE TABLE r AS TABLE t; CREATE TABLE rows AS TABLE t; UPDATE rows SET r = ROW(2, 'x');
       CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;`,
    )
    const { t, r, rows, nothing } = await fingerprints(database)
    expect(t).toMatchObject({ rows: 1, newest: { column: 'newest', value: '2026-01-01 00:00:00+00' } })
    expect(r?.contentHash).toBe(t?.contentHash)
    expect(rows?.contentHash).not.toBe(t?.contentHash)
    expect(nothing).toMatchObject({ rows: 2, newest: null })
  })

  it('does not work out virtual columns, which may fail where pg_dump does not', async () => {
    await using database = await createDatabase(
      lab,
      `CREATE TABLE t (a int, seen timestamptz GENERATED ALWAYS AS (to_timestamp(1 / a)) VIRTUAL, share int GENERATED ALWAYS AS (1 / a) VIRTUAL,
                       double int GENERATED ALWAYS AS (2 * a) STORED, text text DEFAULT 'x');
       INSERT INTO t VALUES (0), (1)`,
    )
    const { t } = await fingerprints(database)
    expect(t).toMatchObject({ rows: 2, newest: null })
    await database.query("UPDATE t SET text = 'y' WHERE a = 1")
    expect((await fingerprints(database)).t?.contentHash).not.toBe(t?.contentHash)
  })

  it('takes the time column that tells when a row came', async () => {
    const columns = {
      a: 'updated_at timestamptz, created_at timestamptz',
      b: 'born date, "createdAt" timestamp',
      c: 'born date, seen timestamptz',
      d: 'born date',
      e: 'created_at text, updated_at timestamptz',
      f: 'at time, n int',
      g: 'gone timestamptz, updated_at date',
    }
    const tables = Object.entries(columns).map(([name, list]) => `CREATE TABLE ${name} (${list});`)
    await using database = await createDatabase(lab, `${tables.join('\n')} ALTER TABLE g DROP gone;`)
    const found = Object.values(await fingerprints(database)).map(table => table.newest?.column)
    expect(found).toEqual(['created_at', 'createdAt', 'seen', 'born', 'updated_at', undefined, 'updated_at'])
  })

  it('fails rather than leave out rows that row security hides', async () => {
    await using database = await createDatabase(
      lab,
      'CREATE TABLE t AS SELECT generate_series(1, 3) AS a; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (a = 1)',
    )
    const role = `rls_${database.name}`
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT SELECT ON t TO ${role}`)
    try {
      const url = new URL(database.url)
      url.username = role
      url.password = 'x'
      await expect(fingerprints({ ...database, url: url.href })).rejects.toMatchObject({
        code: 'DATABASE_PRIVILEGES',
      })
    } finally {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    }
  })
})
