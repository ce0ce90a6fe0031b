import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import type { Check } from '../../../src/core/checks/check.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { connectionEnvironment } from '../../../src/postgres/client-tools/passfile.ts'
import { checkWithAmcheck } from '../../../src/postgres/client-tools/pg-amcheck.ts'
import { createDatabase } from '../../support/database.ts'
import { createHosted } from '../../support/hosted.ts'
import { theLab } from '../../support/lab.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'

const lab = theLab()

const TABLE = `CREATE SCHEMA "my app"; CREATE TABLE "my app"."T.x" (id int PRIMARY KEY, body text);
  ALTER TABLE "my app"."T.x" ALTER body SET STORAGE EXTERNAL;
  INSERT INTO "my app"."T.x" SELECT i, repeat('x', 10000) FROM generate_series(1, 50) AS i;`

/**
 * A function that says it is immutable, and is not: the index holds values
 * that no later call returns.
 */
const FICKLE_INDEX = `CREATE FUNCTION fickle(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + (random() * 1000000)::int';
  CREATE TABLE fickle (id int); INSERT INTO fickle SELECT generate_series(1, 50); CREATE INDEX fickle_index ON fickle (fickle(id))`

/** Takes the second chunk of every value away, below everything that would notice. */
const LOST_CHUNKS = `CREATE EXTENSION pg_surgery;
  DO $$ DECLARE toast regclass; tids tid[];
  BEGIN
    SELECT reltoastrelid::regclass INTO toast FROM pg_class WHERE relname = 'T.x';
    EXECUTE format('SELECT array_agg(ctid) FROM %s WHERE chunk_seq = 1', toast) INTO tids;
    PERFORM heap_force_kill(toast, tids);
  END $$`

async function check(url: string, signal = new AbortController().signal): Promise<Check> {
  const env = await connectionEnvironment(parseConnectionUrl(url), createWorkplace().temp, process.env)
  const path = join(lab.postgres.binDir, 'pg_amcheck')
  return await checkWithAmcheck({ path, env, jobs: 2, signal, onProgress: () => {} })
}

describe('pg_amcheck', () => {
  it('passes a database that is sound, and says how much it looked at', async () => {
    await using database = await createDatabase(lab, TABLE)
    const { verdict, found, note } = await check(database.url)
    expect({ verdict, note }).toEqual({ verdict: 'pass', note: null })
    expect(Number(/^(\d+) relations$/.exec(found)?.[1])).toBeGreaterThan(100)
  })

  it('finds rows that an index does not', async () => {
    await using database = await createDatabase(lab, FICKLE_INDEX)
    const { verdict, found } = await check(database.url)
    expect(verdict).toBe('fail')
    expect(found).toMatch(
      /^1 damaged relation: index fickle_index \(heap tuple .* lacks matching index tuple/,
    )
  })

  it('finds values that lost a piece, and names the table whatever it is called', async () => {
    await using database = await createDatabase(lab, `${TABLE} ${LOST_CHUNKS}`)
    const { verdict, found } = await check(database.url)
    expect(verdict).toBe('fail')
    expect(found).toContain('table my app.T.x (toast value')
  })

  it('has measured nothing where the role may not make the extension', async () => {
    await using hosted = await createHosted(lab, 'CREATE TABLE t (id int)')
    const { verdict, found, note } = await check(hosted.url)
    expect(verdict).toBe('not-measured')
    expect(found).toMatch(/permission denied to create extension "amcheck"/)
    expect(note).toContain('extension amcheck on the scratch server')
  })

  it('stops when the job does', async () => {
    await using database = await createDatabase(lab, TABLE)
    const job = new AbortController()
    const reason = new Error('cancelled')
    const checking = check(database.url, job.signal)
    job.abort(reason)
    await expect(checking).rejects.toBe(reason)
    expect(
      await database.query(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_amcheck' AND datname = current_database()",
      ),
    ).toEqual([])
  })
})
