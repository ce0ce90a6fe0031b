import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { readCriteria } from '../../src/actions/verify-drill/criteria-file.ts'
import type { Manifest } from '../../src/core/backup/manifest.ts'
import { type Check, verdictOf } from '../../src/core/checks/check.ts'
import { exactChecks, type RestoredContent } from '../../src/core/checks/compare-manifest.ts'
import { foldDefinitions } from '../../src/core/checks/definitions.ts'
import type { Criterion } from '../../src/core/criteria/criterion.ts'
import { evaluateCriterion } from '../../src/core/criteria/evaluate-criterion.ts'
import { parseConnectionUrl } from '../../src/core/pg/connection.ts'
import { readContent } from '../../src/postgres/catalog/content.ts'
import { measure } from '../../src/postgres/catalog/criteria.ts'
import { pinOutputSettings } from '../../src/postgres/catalog/fingerprint.ts'
import { mergeSequences, readSequences, type SequenceValues } from '../../src/postgres/catalog/sequences.ts'
import { readStructureChecks } from '../../src/postgres/catalog/structure.ts'
import { openSession, type Session } from '../../src/postgres/session/session.ts'
import { buildLogi } from '../data/logi.ts'
import { createDatabase, type TestDatabase, withClient } from '../support/database.ts'
import { theLab } from '../support/lab.ts'
import { stockRestore } from '../support/restore.ts'
import { SAMPLE } from '../support/samples/manifest.ts'

/** One statement in it does not set off the guard of the audit trail, nor foreign keys. */
const UNGUARDED = 'SET session_replication_role = replica;'

/** Objects of every kind that a restore must bring back as they were, beyond those of logi. */
const MORE = `
  ALTER TABLE logi_event_dlqs ENABLE ROW LEVEL SECURITY;
  CREATE RULE keep AS ON DELETE TO schema_migrations DO INSTEAD NOTHING;
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN code AS varchar(9) CONSTRAINT short CHECK (VALUE IN ('a', 'b'));
  CREATE FUNCTION guarded() RETURNS int LANGUAGE sql AS 'SELECT 1';
  CREATE VIEW plain AS SELECT 1 AS one; CREATE MATERIALIZED VIEW filled AS SELECT 1 AS one;
  CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
  CREATE TABLE parted_empty (a int) PARTITION BY LIST (a);
  SELECT lo_from_bytea(4711, 'bytes of a large object'), lo_from_bytea(4712, sha256('a') || convert_to(repeat('x', 3000000), 'UTF8'));
  CREATE TABLE inherited (a int); CREATE TABLE inheriting () INHERITS (inherited);`

let source: TestDatabase
let archive: Buffer
let manifest: Manifest

beforeAll(async () => {
  const lab = theLab()
  source = await createDatabase(lab, async client => {
    await buildLogi(client, { users: 1000 })
    await client.query(MORE)
  })
  const pgDump = join(lab.postgres.binDir, 'pg_dump')
  const options = { encoding: 'buffer', maxBuffer: 1 << 28 } as const
  archive = (await promisify(execFile)(pgDump, ['--format=custom', '--dbname', source.url], options)).stdout
  manifest = await withSession(source, async session =>
    asManifest(await readContent(session, { level: 'content', tables: [] }), await readSequences(session)),
  )
})

afterAll(() => source?.drop())

async function withSession<T>(database: TestDatabase, work: (session: Session) => Promise<T>): Promise<T> {
  await using session = await openSession(parseConnectionUrl(database.url))
  await pinOutputSettings(session)
  return await work(session)
}

function asManifest(
  { tables, extensions, objects, definitions, largeObjectsHash }: RestoredContent,
  sequences: SequenceValues,
): Manifest {
  return {
    ...SAMPLE,
    backup: { ...SAMPLE.backup, snapshotAt: '2026-11-01T03:00:00.000Z' },
    server: { ...SAMPLE.server, extensions },
    fingerprint: {
      level: 'content',
      tables,
      sequences: mergeSequences(sequences, sequences),
      objects,
      definitions: foldDefinitions(definitions),
      privileges: null,
      largeObjectsHash,
    },
  }
}

/** Restores the archive, spoils the copy by SQL, and judges it as a drill does. */
async function judge(spoil: string, criteria: readonly Criterion[] = []): Promise<readonly Check[]> {
  await using copy = await createDatabase(theLab())
  await stockRestore(theLab(), archive, copy.url)
  if (spoil !== '') await withClient(copy.url, client => client.query(spoil))
  return await withSession(copy, async session => {
    const found = await readContent(session, manifest.fingerprint)
    const checks = [...exactChecks(manifest, found), ...(await readStructureChecks(session))]
    const reference = {
      snapshotAt: new Date(manifest.backup.snapshotAt),
      backupRows: manifest.fingerprint.tables,
      live: undefined,
    }
    for (const criterion of criteria)
      checks.push(evaluateCriterion(criterion, await measure(session, criterion), reference))
    return checks
  })
}

const failures = (checks: readonly Check[]) =>
  checks
    .filter(({ verdict }) => verdict === 'fail')
    .map(({ name, expected, found }) => `${name}: ${expected} | ${found}`)

describe('a restored copy', () => {
  it('passes, with the criteria of the logi team', async () => {
    const file = 'examples/logi/drill-criteria.yml'
    const checks = await judge('', readCriteria(readFileSync(file, 'utf8'), file))
    expect(failures(checks)).toEqual([])
    expect(checks.filter(({ group }) => group === 'criteria')).toHaveLength(6)
    expect(verdictOf(checks)).toBe('pass')
  })

  test.each<[string, string, readonly (string | RegExp)[]]>([
    [
      'one row deleted',
      'DELETE FROM logi_event_dlqs WHERE id = 1',
      ['table logi_event_dlqs: 25 rows | 24 rows (1 fewer)'],
    ],
    [
      'one byte of one row changed',
      `${UNGUARDED} UPDATE logi_audit_events SET note = 'X' || substr(note, 2) WHERE id = 5`,
      [/^table logi_audit_events: 1,000 rows, content [0-9a-f]{12} \| 1,000 rows, content [0-9a-f]{12}$/],
    ],
    [
      'one row twice and another gone',
      `${UNGUARDED} UPDATE schema_migrations SET version = '20260105093000x' WHERE version = '20260105093000'`,
      [/^table schema_migrations: 35 rows, content /],
    ],
    ['one index missing', 'DROP INDEX index_links_on_user', ['indexes: 16 | 15 (1 fewer)']],
    [
      'a constraint missing',
      'ALTER TABLE logi_event_dlqs DROP CONSTRAINT fk_dlqs_delivery',
      [/^constraints: \d+ \| \d+ \(1 fewer\)$/],
    ],
    [
      'the guard of the audit trail missing',
      'DROP TRIGGER logi_audit_worm_rows ON logi_audit_events',
      ['triggers: 2 | 1 (1 fewer)'],
    ],
    ['a view missing', 'DROP VIEW confirmed_users', ['views: 4 | 3 (1 fewer)']],
    [
      'a sequence set back',
      `SELECT setval('users_id_seq', 900)`,
      [
        'sequence users_id_seq: 1000 | 900',
        'sequence users_id_seq: next value above 1000, the greatest in users.id | next value 901',
      ],
    ],
    [
      'a sequence that was never used started elsewhere',
      'ALTER SEQUENCE logi_member_numbers RESTART WITH 7',
      [/^sequence logi_member_numbers: .* \| never used, first 7$/],
    ],
    [
      'a sequence set to give its value out again',
      `SELECT setval('users_id_seq', 1000, false)`,
      ['sequence users_id_seq: 1000 | never used, first 1000'],
    ],
    [
      'an extension missing',
      'DROP EXTENSION citext CASCADE',
      [/^extension citext: [0-9.]+ in schema public \| not installed$/],
    ],
    [
      'a table missing',
      'DROP TABLE ar_internal_metadata',
      ['table ar_internal_metadata: 1 row | no such table'],
    ],
    [
      'row security switched off',
      'ALTER TABLE logi_event_dlqs DISABLE ROW LEVEL SECURITY',
      ['definition of row security public.logi_event_dlqs: as in the source | missing'],
    ],
    [
      'a trigger disabled',
      'ALTER TABLE logi_audit_events DISABLE TRIGGER logi_audit_worm_rows',
      [
        'definition of trigger logi_audit_worm_rows on public.logi_audit_events: as in the source | another one',
      ],
    ],
    [
      'a rule dropped',
      'DROP RULE keep ON schema_migrations',
      ['definition of rule keep on public.schema_migrations: as in the source | missing'],
    ],
    [
      'a value of an enum gone',
      `ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'`,
      ['definition of type public.mood: as in the source | another one'],
    ],
    [
      'the constraint of a domain dropped',
      'ALTER DOMAIN code DROP CONSTRAINT short',
      ['definition of domain constraint short on public.code: as in the source | missing'],
    ],
    [
      'a column of another type',
      'ALTER TABLE inherited ALTER a TYPE bigint',
      ['definition of columns public.inherited: as in the source | another one'],
    ],
    [
      'another default of a column',
      `ALTER TABLE users ALTER display_name SET DEFAULT 'x'`,
      ['definition of columns public.users: as in the source | another one'],
    ],
    [
      'another body of a function',
      `CREATE OR REPLACE FUNCTION guarded() RETURNS int LANGUAGE sql AS 'SELECT 2'`,
      ['definition of function public.guarded(): as in the source | another one'],
    ],
    [
      'one byte of a large object changed',
      `SELECT lo_put(4711, 3, 'X')`,
      [/^large objects: 2 large objects, content [0-9a-f]{12} \| content [0-9a-f]{12}$/],
    ],
    [
      'one byte far behind in a large object changed',
      `SELECT lo_put(4712, 2999999, 'X')`,
      [/^large objects: 2 large objects, content/],
    ],
    [
      'an empty materialised view',
      'REFRESH MATERIALIZED VIEW filled WITH NO DATA',
      ['definition of filled materialised view public.filled: as in the source | missing'],
    ],
    [
      'another view',
      'CREATE OR REPLACE VIEW plain AS SELECT 2 AS one',
      ['definition of view public.plain: as in the source | another one'],
    ],
    [
      'a partition detached',
      'ALTER TABLE parted DETACH PARTITION parted_1',
      ['definition of inheritance public.parted_1 of public.parted: as in the source | missing'],
    ],
    [
      'the parent of partitions missing',
      'DROP TABLE parted_empty',
      ['definition of table public.parted_empty: as in the source | missing'],
    ],
    [
      'a child that inherits no more',
      'ALTER TABLE inheriting NO INHERIT inherited',
      ['definition of inheritance public.inheriting of public.inherited: as in the source | missing'],
    ],
    ['a table too many', 'CREATE TABLE stray (id int PRIMARY KEY)', ['table stray: no such table | 0 rows']],
  ])('with %s fails', async (_, spoil, expected) => {
    const checks = await judge(spoil)
    expect(verdictOf(checks)).toBe('fail')
    const found = failures(checks)
    for (const line of expected)
      expect(found).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line))
  })
})

describe('the criteria of the runbook', () => {
  const criteria = readCriteria(
    `checks:
  - { name: users, table: users, tolerance: 5% }
  - { name: last sign-up, newest: users.created_at, within: 1h }`,
    'criteria.yml',
  )
  const failed = async (spoil: string) =>
    (await judge(`${UNGUARDED} ${spoil}`, criteria))
      .filter(({ group, verdict }) => group === 'criteria' && verdict === 'fail')
      .map(({ name }) => name)

  test.each([
    ['4.9 % fewer users', 'DELETE FROM users WHERE id <= 49', []],
    ['5 % fewer users', 'DELETE FROM users WHERE id <= 50', []],
    ['6 % fewer users', 'DELETE FROM users WHERE id <= 60', ['users']],
    ['a last sign-up 59 minutes before', `UPDATE users SET created_at = created_at - interval '59 min'`, []],
    [
      'a last sign-up 61 minutes before',
      `UPDATE users SET created_at = created_at - interval '61 min'`,
      ['last sign-up'],
    ],
    ['a last sign-up 59 minutes after', `UPDATE users SET created_at = created_at + interval '59 min'`, []],
    [
      'a last sign-up 61 minutes after',
      `UPDATE users SET created_at = created_at + interval '61 min'`,
      ['last sign-up'],
    ],
  ])('%s', async (_, spoil, names) => {
    expect(await failed(spoil)).toEqual(names)
  })
})
