import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { readMovingRows } from '../../../src/postgres/catalog/moving-rows.ts'
import { EVERYTHING, readTables } from '../../../src/postgres/catalog/tables.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { createDatabase, type TestDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'

const TYPES = `
  CREATE TYPE mood AS ENUM ('a', 'b');
  CREATE DOMAIN mood_domain AS mood;
  CREATE TYPE pair AS (n int, m mood);
  CREATE TYPE mood_range AS RANGE (subtype = mood);
  CREATE COLLATION icu (provider = icu, locale = 'de-DE');
  CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`

/** A partitioned table with one partition, by the key and what is behind PARTITION BY. */
function partitioned(key: string, by: string, bound: string): string {
  return `CREATE TABLE t (k ${key}, n int) PARTITION BY ${by}; CREATE TABLE p PARTITION OF t ${bound}`
}

const HASH = 'FOR VALUES WITH (MODULUS 1, REMAINDER 0)'

describe('rows that a restore may put into other partitions', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase(theLab(), TYPES)
  })
  afterAll(() => database.drop())

  async function judge(sql: string): Promise<string> {
    await database.query(`DROP TABLE IF EXISTS t; ${sql}`)
    await using session = await openSession(parseConnectionUrl(database.url), undefined, 'reading')
    const { roots, mustLoadViaRoot } = await readMovingRows(session, await readTables(session, EVERYTHING))
    const moving = [...roots.values()].map(({ schema, name }) => `${schema}.${name}`).join()
    return `${moving || 'stay'}${mustLoadViaRoot ? ', told' : ''}`
  }

  it.each([
    ['mood', 'public.t'],
    ['mood_domain', 'public.t'],
    ['mood[]', 'public.t, told'],
    ['mood_domain[]', 'public.t, told'],
    ['pair', 'public.t, told'],
    ['pair[]', 'public.t, told'],
    ['mood_range', 'public.t, told'],
    ['regclass', 'public.t, told'],
    ['int', 'stay'],
    ['text', 'stay'],
    ['int[]', 'stay'],
    ['text COLLATE blind', 'public.t, told'],
  ])('are found below a hash key of type %s', async (key, expected) => {
    expect(await judge(partitioned(key, 'HASH (k)', HASH))).toBe(expected)
  })

  it.each([
    ['text COLLATE icu', 'public.t, told'],
    ['text COLLATE "C"', 'stay'],
    ['date', 'stay'],
    ['mood', 'stay'],
  ])('are found below a range key of type %s', async (key, expected) => {
    expect(await judge(partitioned(key, 'RANGE (k)', 'DEFAULT'))).toBe(expected)
  })

  it('are found below a hash key that is an expression', async () => {
    expect(await judge(partitioned('mood', 'HASH ((ARRAY[k]))', HASH))).toBe('public.t, told')
    expect(await judge(partitioned('int', 'HASH ((k + 1))', HASH))).toBe('stay')
  })

  it('are counted with the topmost table where partitions are partitioned', async () => {
    const sql = `CREATE TABLE t (d int, k mood[]) PARTITION BY LIST (d);
      CREATE TABLE sub PARTITION OF t DEFAULT PARTITION BY HASH (k);
      CREATE TABLE p PARTITION OF sub ${HASH}`
    expect(await judge(sql)).toBe('public.t, told')
  })
})
