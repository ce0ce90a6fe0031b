import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildAdversarial } from '../../data/adversarial.ts'
import { type DumpedArchive, dumpArchive } from '../../support/compare-rows.ts'
import { createDatabase, type TestDatabase, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const lab = theLab()

describe('the contents of a restored database', () => {
  let source: TestDatabase
  let archive: DumpedArchive
  let restored: TestDatabase
  beforeAll(async () => {
    source = await createDatabase(lab, client => buildAdversarial(client), 'adversarial')
    archive = await dumpArchive(lab, source.url)
    restored = await createDatabase(lab)
    await archive.restore(restored.url, '--jobs=2')
  }, 60_000)
  afterAll(async () => {
    await archive[Symbol.asyncDispose]()
    await restored.drop()
    await source.drop()
  })

  it('equal those of the archive in every table of the adversarial database', async () => {
    const checks = await archive.compare(restored.url)
    expect(checks.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(checks).toMatchObject([{ verdict: 'pass', expected: expect.stringMatching(/rows in \d+ tables/) }])
  })

  it('equal those of the archive after a restore in one stream', async () => {
    await using single = await createDatabase(lab)
    await archive.restore(single.url)
    const checks = await archive.compare(single.url)
    expect(checks.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
  })

  it('differ by one byte of a megabyte, one value, and one row', async () => {
    await restored.query(`SET session_replication_role = replica;
      ALTER TABLE a."b.c" REPLICA IDENTITY FULL; ALTER TABLE "a.b".c REPLICA IDENTITY FULL;
      UPDATE app.huge SET bytes = set_byte(bytes, 500000, 255 - get_byte(bytes, 500000)) WHERE id = 1;
      UPDATE a."b.c" SET n = n + 1;
      DELETE FROM "a.b".c WHERE n = 2`)
    const checks = await archive.compare(restored.url)
    const failed = checks.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)
    expect(failed.toSorted()).toEqual(['contents of a.b.c', 'contents of a.b.c', 'contents of app.huge'])
  })
})

/** Dumps a database, restores it as it is, and tells the verdicts after a change of the copy. */
async function verdictsAfter(
  sql: string,
  change: string,
  { dump = [], restore = [] }: { dump?: readonly string[]; restore?: readonly string[] } = {},
): Promise<readonly string[]> {
  await using source = await createDatabase(lab, sql)
  await using archive = await dumpArchive(lab, source.url, ...dump)
  await using copy = await createDatabase(lab)
  await archive.restore(copy.url, ...restore)
  if (change !== '') await copy.query(change)
  return (await archive.compare(copy.url)).map(({ name, verdict }) => `${verdict} ${name}`)
}

const PASS = ['pass contents of all tables']

describe('a comparison of contents', () => {
  it('sees values that two rows have swapped', async () => {
    const sql = 'CREATE TABLE t AS SELECT i, i * 7 AS j FROM generate_series(1, 1000) AS i'
    const change = 'UPDATE t SET j = CASE i WHEN 3 THEN 28 ELSE 21 END WHERE i IN (3, 4)'
    expect(await verdictsAfter(sql, change)).toEqual(['fail contents of t'])
  })

  it('takes rows in another order for the same rows', async () => {
    // Short rows behind long ones fill pages that were left half empty.
    const sql = `CREATE TABLE t (i int, v text); ALTER TABLE t ALTER v SET STORAGE PLAIN;
      INSERT INTO t SELECT i, repeat('x', CASE i % 3 WHEN 0 THEN 7000 ELSE 300 END) FROM generate_series(1, 300) AS i`
    expect(await verdictsAfter(sql, '')).toEqual(PASS)
    expect(
      await verdictsAfter(
        sql,
        'CREATE TABLE u AS TABLE t; TRUNCATE t; INSERT INTO t TABLE u ORDER BY i DESC',
      ),
    ).toEqual(PASS)
  })

  it('compares the partitions of a table as one, in whatever order their columns are', async () => {
    const sql = `CREATE TABLE t (a int, b text, c date) PARTITION BY HASH (a);
      CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE t1 (c date, b text, a int); ALTER TABLE t ATTACH PARTITION t1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
      INSERT INTO t SELECT i, 'v' || i, date '2026-01-01' + i FROM generate_series(1, 1000) AS i`
    const root = { dump: ['--load-via-partition-root'], restore: ['--jobs=2'] }
    expect(await verdictsAfter(sql, '')).toEqual(PASS)
    expect(await verdictsAfter(sql, '', root)).toEqual(PASS)
    const change = "UPDATE t SET b = 'v8' WHERE a = 7"
    expect(await verdictsAfter(sql, change)).toEqual(['fail contents of t'])
    expect(await verdictsAfter(sql, change, root)).toEqual(['fail contents of t'])
  })

  it('does not count a table without columns as equal when it lost a row', async () => {
    const sql = 'CREATE TABLE t (); INSERT INTO t DEFAULT VALUES; INSERT INTO t DEFAULT VALUES'
    expect(await verdictsAfter(sql, '')).toEqual(PASS)
    const change = 'CREATE TABLE u AS TABLE t LIMIT 1; TRUNCATE t; INSERT INTO t SELECT FROM u'
    expect(await verdictsAfter(sql, change)).toEqual(['fail contents of t'])
  })

  it('names a table that is not there', async () => {
    expect(await verdictsAfter('CREATE TABLE t AS SELECT 1 AS a', 'DROP TABLE t')).toEqual([
      'fail contents of t',
    ])
  })

  it('is not fooled by rows like the end of COPY or by names like COPY', async () => {
    const sql = `CREATE TABLE "a
COPY public.b (c) FROM stdin;" (v text, "x
\\." text);
      INSERT INTO "a
COPY public.b (c) FROM stdin;" VALUES (E'\\\\.', E'\\n\\\\.\\n'), ('\\N', NULL), ('', E'\\r');
      CREATE TABLE b (c text); INSERT INTO b VALUES ('\\.')`
    expect(await verdictsAfter(sql, '')).toEqual(PASS)
    expect(await verdictsAfter(sql, "UPDATE b SET c = '\\..'")).toEqual([...PASS, 'fail contents of b'])
  })
})

it('ends at once when its time is up, also while another session holds a table', async () => {
  await using source = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS n')
  await using archive = await dumpArchive(lab, source.url)
  await withClient(source.url, async client => {
    await client.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE')
    const timer = new AbortController()
    const compared = archive.compare(source.url, timer.signal)
    compared.catch(() => {})
    await untilWaiting(client)
    const startedAt = performance.now()
    timer.abort(new Error('time is up'))

    await expect(compared).rejects.toThrow('time is up')
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})

async function untilWaiting(client: Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query(
      "SELECT FROM pg_locks WHERE NOT granted AND relation = 't'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    if (rows.length > 0) return
    await sleep(20)
  }
}
