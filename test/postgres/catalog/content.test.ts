import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FingerprintLevel, Manifest } from '../../../src/core/backup/manifest.ts'
import type { Check } from '../../../src/core/checks/check.ts'
import { exactChecks } from '../../../src/core/checks/compare-manifest.ts'
import { parseConnectionUrl } from '../../../src/core/pg/connection.ts'
import { readRestoredContent } from '../../../src/postgres/catalog/content.ts'
import { openSource } from '../../../src/postgres/source/source.ts'
import { createDatabase, type TestDatabase, withClient } from '../../support/database.ts'
import { theLab } from '../../support/lab.ts'
import { startOwnServer, startStandby } from '../../support/own-server.ts'
import { stockDump, stockRestore } from '../../support/restore.ts'
import { createWorkplace } from '../../support/runner/workplace.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

const EVERYTHING = { tables: [], excludeTables: [], schemas: [] }
const signal = () => AbortSignal.timeout(60_000)

/** What dump-to-s3 would write down of a database. */
async function fingerprint(url: string, level: FingerprintLevel = 'content'): Promise<Manifest> {
  await using source = await openSource(parseConnectionUrl(url), signal())
  const { isStandby, version } = await source.readFacts(EVERYTHING)
  const snapshot = await source.holdSnapshot(EVERYTHING, 10_000)
  const sequences = await source.readSequences(snapshot, false)
  const { extensions, requiredRoles, ...content } = await source.readContent(snapshot, level, false)
  const server = { ...SAMPLE.server, isStandby, version, extensions, requiredRoles }
  return {
    ...SAMPLE,
    server,
    fingerprint: { level, ...content, sequences: source.mergeSequences(sequences, sequences) },
  }
}

async function judge(manifest: Manifest, copy: Pick<TestDatabase, 'url'>): Promise<readonly Check[]> {
  const original = manifest.fingerprint
  return exactChecks(manifest, await readRestoredContent(parseConnectionUrl(copy.url), original, signal()))
}

const unlike = (checks: readonly Check[]) =>
  checks
    .filter(({ verdict }) => verdict !== 'pass')
    .map(({ verdict, name, expected, found }) => `${verdict} ${name}: ${expected} | ${found}`)

describe('a stock restore', () => {
  it('a stock restore of inherited tables keeps their newest values', async () => {
    await using source = await createDatabase(
      theLab(),
      `CREATE TABLE parent (a int); CREATE TABLE child (seen timestamptz) INHERITS (parent); ALTER TABLE parent ADD paid timestamptz;
       INSERT INTO child VALUES (1, '2026-01-01Z', '2026-02-02Z')`,
    )
    await using copy = await createDatabase(theLab())
    const manifest = await fingerprint(source.url)
    await stockRestore(theLab(), await stockDump(theLab(), source.url), copy.url)

    expect(manifest.fingerprint.tables[0]?.newest?.column).toBe('seen')
    expect(unlike(await judge(manifest, copy))).toEqual([])
  })

  it('a standby backup has unlogged tables without rows and sequences at their start', async () => {
    const { binDir } = theLab().postgres
    await using primary = await startOwnServer(binDir, { wal_level: 'replica' })
    await withClient(urlOf(primary.port), client =>
      client.query(`CREATE TABLE t AS SELECT 1 AS a; CREATE UNLOGGED TABLE cache (id int GENERATED ALWAYS AS IDENTITY);
                    INSERT INTO cache DEFAULT VALUES; CREATE UNLOGGED SEQUENCE s; SELECT nextval('s')`),
    )
    await using standby = await startStandby(binDir, primary)
    await using copy = await createDatabase(theLab())
    const manifest = await fingerprint(urlOf(standby.port))
    await stockRestore(theLab(), await stockDump(theLab(), urlOf(standby.port)), copy.url)

    expect(manifest.fingerprint.tables.map(({ name }) => name)).toEqual(['t'])
    expect(unlike(await judge(manifest, copy))).toEqual(['information table cache: no such table | 0 rows'])
    await copy.query('INSERT INTO cache DEFAULT VALUES')
    expect(unlike(await judge(manifest, copy))).toContain('fail table cache: no such table | 1 row')
  })

  it('of the configuration of an extension has the rows that are not its own', async () => {
    await using source = await createDatabase(theLab())
    await using copy = await createDatabase(theLab())
    const directory = writeExtension()
    for (const database of [source, copy])
      await database.query(
        `ALTER DATABASE ${database.name} SET extension_control_path = '${directory}:$system'`,
      )
    await source.query(`CREATE EXTENSION configured; INSERT INTO settings VALUES (100, 'ours'); SELECT nextval('settings_seq');
                        CREATE TABLE t AS SELECT 1 AS a`)
    const manifest = await fingerprint(source.url)
    await stockRestore(theLab(), await stockDump(theLab(), source.url), copy.url)

    expect(manifest.fingerprint.tables[0]).toMatchObject({
      name: 'settings',
      rows: 1,
      extension: 'configured',
    })
    expect(unlike(await judge(manifest, copy))).toEqual([])
    await copy.query("UPDATE settings SET what = 'changed' WHERE id = 1")
    expect(unlike(await judge(manifest, copy))).toEqual([])
    await copy.query("SELECT setval('settings_seq', 9); DELETE FROM settings WHERE id = 100")
    expect(unlike(await judge(manifest, copy))).toEqual([
      'fail table settings: 1 row | 0 rows (1 fewer)',
      'fail sequence settings_seq: 1 | 9',
    ])
    const { tables } = manifest.fingerprint
    const older = { ...manifest.fingerprint, tables: tables.slice(1), sequences: [] }
    expect(unlike(await judge({ ...manifest, fingerprint: older }, copy))).toEqual([
      'information table settings: no such table | 0 rows',
    ])
  })
})

const urlOf = (port: number) => `postgresql://postgres:p@127.0.0.1:${port}/postgres?sslmode=disable`

/**
 * An extension that declares some rows of a table, and a sequence, to be the operator's. Returns its
 * directory.
 */
function writeExtension(): string {
  const directory = createWorkplace().workspace
  mkdirSync(join(directory, 'extension'))
  writeFileSync(join(directory, 'extension', 'configured.control'), "default_version = '1.0'\n")
  writeFileSync(
    join(directory, 'extension', 'configured--1.0.sql'),
    `CREATE TABLE settings (id int PRIMARY KEY, what text); INSERT INTO settings VALUES (1, 'own');
     CREATE SEQUENCE settings_seq;
     SELECT pg_catalog.pg_extension_config_dump('settings', 'WHERE settings.id >= 100');
     SELECT pg_catalog.pg_extension_config_dump('settings_seq', '');\n`,
  )
  // The server is another user.
  chmodSync(directory, 0o755)
  chmodSync(join(directory, '..'), 0o755)
  return directory
}
