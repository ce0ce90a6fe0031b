import { expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { readComparedTables } from '../../../src/postgres/catalog/compared-tables.ts'
import { readContent } from '../../../src/postgres/catalog/content.ts'
import { readUnreadable } from '../../../src/postgres/catalog/missing-privileges.ts'
import { readMovingRows } from '../../../src/postgres/catalog/moving-rows.ts'
import { readPrivileges } from '../../../src/postgres/catalog/privileges.ts'
import { readSequenceNames } from '../../../src/postgres/catalog/sequences.ts'
import { readPolicyRoles, readServerFacts } from '../../../src/postgres/catalog/server-facts.ts'
import { readStructureChecks } from '../../../src/postgres/catalog/structure.ts'
import { EVERYTHING, readTables } from '../../../src/postgres/catalog/tables.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { readColumns } from '../../../src/postgres/target/columns.ts'
import { readTargetFacts } from '../../../src/postgres/target/facts.ts'
import { readForeignKeys } from '../../../src/postgres/target/foreign-keys.ts'
import { readRowTriggers, readStaleViews } from '../../../src/postgres/target/row-triggers.ts'
import { readUnstablePartitions } from '../../../src/postgres/target/unstable-partitions.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { measured } from '../../support/measured-session.ts'

const lab = theLab()

/** Tables with what reads look at: keys, sequences, triggers, views, references, partitions by an enum. */
const many = (tables: number) => `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
  CREATE TABLE p (m mood PRIMARY KEY) PARTITION BY HASH (m);
  CREATE TABLE r (id serial PRIMARY KEY);
  DO $$ BEGIN FOR i IN 1..${tables} LOOP EXECUTE format(
    'CREATE TABLE t%1$s (id serial PRIMARY KEY, n int CHECK (n > 0) REFERENCES r, at timestamptz DEFAULT now());
     CREATE TRIGGER tr BEFORE INSERT ON t%1$s FOR EACH ROW EXECUTE FUNCTION f();
     CREATE VIEW v%1$s AS SELECT id, at FROM t%1$s;
     CREATE TABLE p%1$s PARTITION OF p FOR VALUES WITH (MODULUS ${tables}, REMAINDER %2$s)', i, i - 1);
  END LOOP; END $$`

/** Rows that the server looks at for each read of a dump, a drill and a restore. */
async function workFor(tables: number): Promise<ReadonlyMap<string, number>> {
  await using database = await createDatabase(lab, many(tables))
  const connection = parseConnectionUrl(database.url)
  await using session = await openSession(connection, undefined, 'reading')
  const work = new Map<string, number>()
  const counting = measured(session, (query, rows) => work.set(query, (work.get(query) ?? 0) + rows))
  const found = await readTables(counting, EVERYTHING)
  await readServerFacts(counting)
  await readUnreadable(counting)
  await readSequenceNames(counting)
  await readMovingRows(counting, found)
  await readPolicyRoles(counting)
  await readPrivileges(counting)
  await readContent(counting, { level: 'content', tables: [] })
  await readStructureChecks(counting)
  await readComparedTables(counting, { timeZone: 'UTC', byteaOutput: 'hex', lcMonetary: 'C' })
  await readColumns(counting, undefined)
  await readTargetFacts(counting, connection, undefined)
  for (const read of [readForeignKeys, readRowTriggers, readStaleViews, readUnstablePartitions])
    await read(counting, found)
  return work
}

/**
 * Each table brings some thirty rows of catalogs, of which a query may look at several more than once. One
 * that goes over all tables, or all columns, for each table looks at thousands.
 */
const MOST_ROWS_PER_TABLE = 1000
const [FEW, MANY] = [40, 160]

it('no read of a dump, drill or restore goes over all tables for each table', async () => {
  const few = await workFor(FEW)
  const slopes = [...(await workFor(MANY))].map(([query, rows]) => ({
    query,
    rowsPerTable: (rows - (few.get(query) ?? 0)) / (MANY - FEW),
  }))
  expect(slopes.length).toBeGreaterThan(25)
  expect(slopes.filter(({ rowsPerTable }) => rowsPerTable > MOST_ROWS_PER_TABLE)).toEqual([])
})
