import { expect, it } from 'vitest'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { safetyGap } from '../../../src/core/restore/safety-gap.ts'
import { EVERYTHING } from '../../../src/postgres/catalog/tables.ts'
import { openSession } from '../../../src/postgres/session/session.ts'
import { openSource } from '../../../src/postgres/source/source.ts'
import { readInventory } from '../../../src/postgres/target/inventory.ts'
import { createDatabase } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

/**
 * As PostGIS and pg_cron have it: members whose rows pg_dump dumps, beside one whose rows come with the
 * extension.
 */
const WITH_CONFIGURATION = `
  CREATE EXTENSION citext;
  CREATE TABLE users (id serial PRIMARY KEY);
  CREATE TABLE parent (id int) PARTITION BY RANGE (id);
  CREATE TABLE config (id int); CREATE SEQUENCE config_ids; CREATE TABLE member (id int); CREATE SEQUENCE member_ids;
  ALTER EXTENSION citext ADD TABLE config; ALTER EXTENSION citext ADD SEQUENCE config_ids;
  ALTER EXTENSION citext ADD TABLE member; ALTER EXTENSION citext ADD SEQUENCE member_ids;
  UPDATE pg_extension SET extconfig = ARRAY['config', 'config_ids']::regclass[]::oid[], extcondition = ARRAY['', ''] WHERE extname = 'citext'`

it('names what a manifest names: the configuration of extensions too', async () => {
  await using database = await createDatabase(theLab(), WITH_CONFIGURATION)
  const connection = parseConnectionUrl(database.url)
  const signal = new AbortController().signal
  await using source = await openSource(connection, signal)
  const snapshot = await source.holdSnapshot(EVERYTHING, 5000)
  const { tables, objects } = await source.readContent(snapshot, 'counts', false)
  const values = await source.readSequences(snapshot, false)
  const sequences = source.mergeSequences(values, values)
  const saved = { ...SAMPLE, fingerprint: { ...SAMPLE.fingerprint, tables, objects, sequences } }

  await using session = await openSession(connection)
  expect(safetyGap(saved, await readInventory(session))).toEqual([])
  await session.rows('CREATE TABLE later (id int)')
  await session.rows('CREATE SEQUENCE later_ids')
  expect(safetyGap(saved, await readInventory(session))).toEqual(['table later', 'sequence later_ids'])
})
