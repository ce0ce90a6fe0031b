import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/core/backup/manifest.ts'
import { exactChecks, type RestoredContent } from '../../src/core/checks/compare-manifest.ts'
import { parseConnectionUrl } from '../../src/core/pg/connection.ts'
import { MIB } from '../../src/core/text/bytes.ts'
import { readRestoredContent } from '../../src/postgres/catalog/content.ts'
import { ADVERSARIAL_NAMES, buildAdversarial } from '../data/adversarial.ts'
import { ADVERSARIAL_ROLES } from '../data/adversarial-roles.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest, stockRestore } from '../support/restore.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

describe('a adversarial database', () => {
  const lab = theLab()

  it('comes back from dump-to-s3 and stock pg_restore as it was', async () => {
    await using source = await createDatabase(lab, client => buildAdversarial(client), 'adversarial')
    await using target = await createDatabase(lab, '', 'adversarial')
    await using bucket = await createBucket(lab)

    const run = await dump(source, bucket)

    const manifest = await readManifest(bucket)
    await stockRestore(lab, await bucket.read(manifest.object.key), target.url)
    const failed = exactChecks(manifest, await readContent(target)).filter(
      ({ verdict }) => verdict !== 'pass',
    )
    expect(failed).toEqual([])
    await dropWhatRestoresLeaveOut(source)
    expect(await databaseDigest(lab, target.url)).toBe(await databaseDigest(lab, source.url))
    expect(manifest.server.requiredRoles).toEqual(ADVERSARIAL_ROLES)
    expect(manifest.fingerprint.tables.length).toBeGreaterThan(ADVERSARIAL_NAMES.length + 30)
    expect(run.annotations.filter(({ level }) => level === 'error')).toEqual([])
    expect(run.leftFiles).toEqual([])
  })

  it('passes a drill', async () => {
    await using source = await createDatabase(lab, client => buildAdversarial(client), 'adversarial')
    await using bucket = await createBucket(lab)
    await dump(source, bucket, { database: 'adversarial' })

    const run = await runAction('verify-drill', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'adversarial' },
      env: labEnvironment(lab),
    })

    expect(run.annotations.filter(({ level }) => level === 'error')).toEqual([])
    expect(run.outputs).toMatchObject({ verdict: 'pass', 'failed-checks': '' })
    expect(run.leftProcesses).toEqual([])
    expect(run.leftFiles).toEqual([])
  })

  it('has its sequences in the manifest, also two that look the same when joined', async () => {
    await using source = await createDatabase(lab, client => buildAdversarial(client), 'adversarial')
    await using bucket = await createBucket(lab)

    await dump(source, bucket)

    const { sequences } = (await readManifest(bucket)).fingerprint
    expect(sequences).toContainEqual(
      expect.objectContaining({ schema: 'a', name: 'b.s', atSnapshot: '10', atEnd: '10' }),
    )
    expect(sequences).toContainEqual(
      expect.objectContaining({ schema: 'a.b', name: 's', atSnapshot: '20', atEnd: '20' }),
    )
    expect(sequences).toContainEqual(
      expect.objectContaining({ name: 'not_called', atSnapshot: null, nextAtSnapshot: '4711' }),
    )
    const [counted] = await source.query<{ n: string }>(
      "SELECT count(*)::text AS n FROM pg_class WHERE relkind = 'S'",
    )
    expect(sequences).toHaveLength(Number(counted?.n))
  })

  it('comes back with toasted values of 100 MB', async () => {
    const hugeBytes = 100 * MIB
    await using source = await createDatabase(
      lab,
      client => buildAdversarial(client, { hugeBytes }),
      'adversarial',
    )
    await using target = await createDatabase(lab, '', 'adversarial')
    await using bucket = await createBucket(lab)

    const run = await dump(source, bucket)

    const manifest = await readManifest(bucket)
    await stockRestore(lab, await bucket.read(manifest.object.key), target.url)
    const failed = exactChecks(manifest, await readContent(target)).filter(
      ({ verdict }) => verdict !== 'pass',
    )
    expect(failed).toEqual([])
    expect(manifest.object.bytes).toBeGreaterThan(hugeBytes)
    expect(run.peakRssBytes).toBeLessThan(250 * MIB)
  }, 300_000)
})

/**
 * Functions and operators that our own statements use, in a schema that the database puts before pg_catalog.
 */
const HIJACK = `
  CREATE TABLE users (id int, created_at timestamptz);
  INSERT INTO users VALUES (1, '2026-01-01Z');
  CREATE SCHEMA hijack;
  DO $$
  DECLARE
    stolen text;
  BEGIN
    FOREACH stolen IN ARRAY ARRAY[
      'set_config(text, text, boolean) RETURNS text', 'current_setting(text) RETURNS text', 'current_database() RETURNS name',
      'has_table_privilege(oid, text) RETURNS boolean', 'has_schema_privilege(oid, text) RETURNS boolean',
      'has_sequence_privilege(oid, text) RETURNS boolean', 'row_security_active(oid) RETURNS boolean',
      'pg_export_snapshot() RETURNS text', 'clock_timestamp() RETURNS timestamptz', 'to_char(timestamp, text) RETURNS text',
      'pg_database_size(oid) RETURNS bigint', 'pg_is_in_recovery() RETURNS boolean', 'split_part(text, text, integer) RETURNS text',
      'pg_sequence_last_value(regclass) RETURNS bigint', 'to_jsonb(anyelement) RETURNS jsonb', 'no_regex(name, text) RETURNS boolean',
      'same(name, name) RETURNS boolean', 'same(oid, oid) RETURNS boolean', 'same("char", "char") RETURNS boolean',
      'differs(name, text) RETURNS boolean', 'same(name, text) RETURNS boolean', 'same(text, text) RETURNS boolean'] LOOP
      EXECUTE format('CREATE FUNCTION hijack.%s LANGUAGE plpgsql AS %L', stolen, 'BEGIN RAISE EXCEPTION ''hijacked''; END');
    END LOOP;
  END
  $$;
  CREATE OPERATOR hijack.!~ (LEFTARG = name, RIGHTARG = text, FUNCTION = hijack.no_regex);
  CREATE OPERATOR hijack.<> (LEFTARG = name, RIGHTARG = text, FUNCTION = hijack.differs);
  CREATE OPERATOR hijack.= (LEFTARG = name, RIGHTARG = name, FUNCTION = hijack.same);
  CREATE OPERATOR hijack.= (LEFTARG = name, RIGHTARG = text, FUNCTION = hijack.same);
  CREATE OPERATOR hijack.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hijack.same);
  CREATE OPERATOR hijack.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = hijack.same);
  CREATE OPERATOR hijack.= (LEFTARG = "char", RIGHTARG = "char", FUNCTION = hijack.same);
  DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = hijack, pg_catalog, public', pg_catalog.current_database()); END $$`

describe('functions of the database with names of ours', () => {
  // What an owner of a schema could make run with the rights of the backup (CVE-2018-1058).
  it.each([
    ['the whole database', {}],
    ['tables', { tables: 'users' }],
  ])('are not called: %s', async (_, inputs) => {
    await using source = await createDatabase(theLab(), HIJACK)
    await using bucket = await createBucket(theLab())

    const run = await dump(source, bucket, inputs)

    expect(run.log).not.toContain('hijacked')
    expect((await readManifest(bucket)).fingerprint.tables).toMatchObject([{ name: 'users', rows: 1 }])
  })
})

describe('a content hash', () => {
  it('does not depend on the order of columns, which a restore changes on inheritance', async () => {
    await using early = await createDatabase(
      theLab(),
      `CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent); ALTER TABLE parent ADD z int;
       INSERT INTO child (a, b, z) VALUES (1, 2, 3), (4, 5, 6)`,
    )
    await using late = await createDatabase(
      theLab(),
      `CREATE TABLE parent (a int, z int); CREATE TABLE child (b int) INHERITS (parent);
       INSERT INTO child (a, b, z) VALUES (1, 2, 3), (4, 5, 6)`,
    )
    const { tables } = await readContent(early)
    expect((await readContent(late)).tables).toEqual(tables)
    await late.query('UPDATE child SET b = z, z = b')
    expect((await readContent(late)).tables).not.toEqual(tables)
  })

  it('shows generated values that pg_restore changes when they read another table', async () => {
    await using source = await createDatabase(
      theLab(),
      `CREATE TABLE z_rates (rate numeric); INSERT INTO z_rates VALUES (3);
       CREATE FUNCTION rated(n numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS
         'BEGIN RETURN n * coalesce((SELECT max(rate) FROM public.z_rates), 1); END';
       CREATE TABLE bills (amount numeric, total numeric GENERATED ALWAYS AS (rated(amount)) STORED);
       INSERT INTO bills VALUES (10)`,
    )
    await using target = await createDatabase(theLab())
    await using bucket = await createBucket(theLab())
    await dump(source, bucket)
    const manifest = await readManifest(bucket)
    await stockRestore(theLab(), await bucket.read(manifest.object.key), target.url)
    const failed = exactChecks(manifest, await readContent(target)).filter(
      ({ verdict }) => verdict !== 'pass',
    )
    expect(failed.map(({ name }) => name)).toEqual(['table bills'])
  })
})

async function dump(
  source: TestDatabase,
  bucket: TestBucket,
  inputs: Readonly<Record<string, string>> = {},
): Promise<ActionRun> {
  const run = await runAction(
    'dump-to-s3',
    dumpOptions(theLab(), source, bucket, { inputs: { fingerprint: 'content', ...inputs } }),
  )
  expect(run.log).toContain('backup complete.')
  expect(run.exitCode).toBe(0)
  return run
}

async function readManifest(bucket: TestBucket) {
  const key = (await bucket.list('backups/manifests/')).at(-1) ?? ''
  return parseManifest((await bucket.read(key)).toString(), key)
}

/** What a drill reads of a restored database. */
async function readContent({ url }: { readonly url: string }): Promise<RestoredContent> {
  return await readRestoredContent(
    parseConnectionUrl(url),
    { level: 'content', tables: [] },
    AbortSignal.timeout(60_000),
  )
}

/**
 * Settings of the database; owners and grants of large objects, by which pg_dump groups them even where it
 * leaves them out.
 */
async function dropWhatRestoresLeaveOut(source: TestDatabase): Promise<void> {
  await source.query(`
    BEGIN READ WRITE;
    ALTER DATABASE ${source.name} RESET ALL;
    UPDATE pg_largeobject_metadata SET lomowner = current_user::regrole, lomacl = NULL;
    COMMIT`)
}
