import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parseConnectionUrl, withDatabase } from '../../../src/core/pg/connection.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import {
  analyzeDatabase,
  createTargetDatabase,
  describeDatabase,
  dropUnfinishedDatabase,
  type NewDatabase,
} from '../../../src/postgres/target/new-database.ts'
import { createDatabase } from '../../support/database.ts'
import { createHosted } from '../../support/hosted.ts'
import { theLab } from '../../support/lab.ts'

const LIKE = { encoding: 'UTF8', collationProvider: 'c', collate: 'C', ctype: 'C', locale: null }

describe('a database that a restore makes', () => {
  const lab = theLab()

  function newDatabase(nonce = randomBytes(4).toString('hex')): NewDatabase {
    return {
      name: `new_${randomBytes(5).toString('hex')}`,
      nonce,
      like: LIKE,
      owner: undefined,
      backupId: '20261123T031500Z-daily-1a2b3c4d',
    }
  }

  it('is dropped by whoever made it, and by nobody else', async () => {
    await using hosted = await createHosted(lab)
    const connection = parseConnectionUrl(hosted.url)
    await using session = await openSession(connection)
    const made = newDatabase()
    const claims: boolean[] = []
    await createTargetDatabase(session, made, isOurs => claims.push(isOurs))

    expect(claims).toEqual([true])
    expect(await dropUnfinishedDatabase(connection, made.name, '00000000')).toBe('kept')
    expect(await dropUnfinishedDatabase(connection, made.name, made.nonce)).toBe('dropped')
    expect(await dropUnfinishedDatabase(connection, made.name, made.nonce)).toBe('gone')
  })

  it('is not claimed where its name is taken', async () => {
    await using hosted = await createHosted(lab)
    const connection = parseConnectionUrl(hosted.url)
    await using session = await openSession(connection)
    await using other = await openSession(connection)
    const made = newDatabase()
    const claims: boolean[] = []
    const claim = (isOurs: boolean) => claims.push(isOurs)

    await createTargetDatabase(session, made, () => {})
    await expect(createTargetDatabase(session, { ...made, nonce: 'other' }, claim)).rejects.toThrow('already')
    expect(claims).toEqual([])

    // Both look, then both make it.
    const name = `${made.name}_two`
    const outcomes = await Promise.allSettled(
      [session, other].map((one, i) => createTargetDatabase(one, { ...made, name, nonce: `n${i}` }, claim)),
    )
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    // One of them has it, whether the other saw that before or after.
    const [ours, theirs] = [true, false].map(kind => claims.filter(isOurs => isOurs === kind).length)
    expect(ours).toBe((theirs ?? 0) + 1)
  })

  it('is dropped while it is empty and unfinished, and stays otherwise', async () => {
    await using hosted = await createHosted(lab)
    const connection = parseConnectionUrl(hosted.url)
    await using session = await openSession(connection)
    await session.rows(`CREATE DATABASE ${hosted.name}_empty TEMPLATE template0`)
    await session.rows(`CREATE DATABASE ${hosted.name}_full TEMPLATE template0`)
    {
      await using inside = await openSession(withDatabase(connection, `${hosted.name}_full`))
      await inside.rows('CREATE TABLE t ()')
    }
    const finished = newDatabase()
    await createTargetDatabase(session, finished, () => {})
    await describeDatabase(session, finished.name, 'pg-runbook: restored from backup x')

    expect(await dropUnfinishedDatabase(connection, `${hosted.name}_empty`, 'n')).toBe('dropped')
    expect(await dropUnfinishedDatabase(connection, `${hosted.name}_full`, 'n')).toBe('kept')
    expect(await dropUnfinishedDatabase(connection, finished.name, finished.nonce)).toBe('kept')
  })
})

it('is analyzed without asking other servers', async () => {
  await using source = await createDatabase(
    theLab(),
    `CREATE EXTENSION postgres_fdw;
     CREATE SERVER down FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
     CREATE USER MAPPING FOR PUBLIC SERVER down OPTIONS (user 'u', password 'p');
     CREATE TABLE parts (a int) PARTITION BY LIST (a);
     CREATE TABLE part_near PARTITION OF parts FOR VALUES IN (1);
     CREATE FOREIGN TABLE part_far PARTITION OF parts FOR VALUES IN (2) SERVER down;
     CREATE TABLE parent (a int); CREATE FOREIGN TABLE child () INHERITS (parent) SERVER down;
     INSERT INTO part_near VALUES (1); INSERT INTO parent VALUES (1);`,
  )

  await analyzeDatabase(parseConnectionUrl(source.url), source.name, new AbortController().signal)

  expect(
    await source.query(
      "SELECT relname AS name FROM pg_class WHERE relname ~ '^par' AND relkind = 'r' AND reltuples = 1 ORDER BY 1",
    ),
  ).toEqual([{ name: 'part_near' }])
})

it('is kept where an expression fails in ANALYZE', async () => {
  await using source = await createDatabase(
    theLab(),
    `CREATE TABLE t AS SELECT i AS a FROM generate_series(1, 100) AS i;
     CREATE FUNCTION inner_one(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
     CREATE FUNCTION unqualified(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN inner_one($1); END';
     CREATE STATISTICS s ON (unqualified(a)) FROM t;`,
  )

  const why = await analyzeDatabase(parseConnectionUrl(source.url), source.name, new AbortController().signal)

  expect(why).toContain('function inner_one(integer) does not exist')
})
