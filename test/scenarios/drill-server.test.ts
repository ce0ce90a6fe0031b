import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { connectionUrl } from '../../src/core/pg/connection.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, type TestDatabase, withClient } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { type OwnServer, startOwnServer } from '../support/own-server.ts'
import { type ActionRun, runAction } from '../support/runner.ts'

const ROWS = 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 500)'

describe('the server of a drill', () => {
  const lab = theLab()

  async function drillOf(
    source: TestDatabase,
    bucket: TestBucket,
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<ActionRun> {
    const dumped = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { database: 'logi' } }),
    )
    expect(dumped.exitCode, dumped.log).toBe(0)
    return runAction('verify-drill', {
      inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', ...inputs },
      env: labEnvironment(lab),
    })
  }

  /** An extension that only this database of the lab's server can find. */
  async function withExtension(name: string, script: string, sql: string) {
    const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    await mkdir(join(directory, 'extension'))
    for (const path of [directory, join(directory, 'extension')]) await chmod(path, 0o755)
    await writeFile(join(directory, 'extension', `${name}.control`), "default_version = '1.0'\n")
    await writeFile(join(directory, 'extension', `${name}--1.0.sql`), script)
    const source = await createDatabase(lab, ROWS)
    await source.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET extension_control_path = %L', current_database(), '${directory}:$system'); END $$`,
    )
    await source.query(
      `SET extension_control_path = '${directory}:$system'; CREATE EXTENSION ${name}; ${sql}`,
    )
    return {
      source,
      [Symbol.asyncDispose]: async () => {
        await source[Symbol.asyncDispose]()
        await rm(directory, { recursive: true })
      },
    }
  }

  async function namesOn(server: OwnServer): Promise<readonly unknown[]> {
    return await withClient(connectionUrl(server.connection).reveal(), async client => {
      const found = await client.query(
        "SELECT datname AS name FROM pg_database WHERE datname LIKE '%runbook%' UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE '%runbook%'",
      )
      return found.rows
    })
  }

  it('is left as it was when it was given', async () => {
    await using server = await startOwnServer(lab.postgres.binDir)
    await using source = await createDatabase(lab, ROWS)
    await using bucket = await createBucket(lab)

    const run = await drillOf(source, bucket, { 'scratch-url': connectionUrl(server.connection).reveal() })

    expect(run.outputs.verdict, run.log).toBe('pass')
    expect(run.savedState).toMatch(/pg_runbook_drill_[0-9a-f]{12}/)
    expect(await namesOn(server)).toEqual([])
  })

  it('is refused when it is the one that was backed up', async () => {
    await using source = await createDatabase(lab, ROWS)
    await using bucket = await createBucket(lab)

    const run = await drillOf(source, bucket, { 'scratch-url': source.url })

    expect(run.annotations.at(-1)?.title).toBe('verify-drill: SCRATCH_FAILED')
    expect(run.annotations.at(-1)?.message).toContain('system identifier')
    expect(run.outputs.verdict).toBe('not-measured')
    expect(run.log).not.toContain('Downloaded')
  })

  it('accuses no backup when it lacks a needed extension, and names the package', async () => {
    await using made = await withExtension(
      'vector',
      'CREATE DOMAIN vec AS double precision[];',
      'CREATE TABLE v (v vec); INSERT INTO v VALUES (ARRAY[1])',
    )
    await using bucket = await createBucket(lab)

    const run = await drillOf(made.source, bucket)

    expect(run.annotations.at(-1)?.title).toBe('verify-drill: SCRATCH_FAILED')
    expect(run.annotations.at(-1)?.message).toContain('postgresql-18-pgvector')
    expect(run.outputs.verdict).toBe('not-measured')
  })

  it('passes without an extension that nothing needs, and names it', async () => {
    await using made = await withExtension(
      'hypopg',
      "CREATE FUNCTION hypo() RETURNS int LANGUAGE sql AS 'SELECT 1';",
      'SELECT 1',
    )
    await using bucket = await createBucket(lab)

    const run = await drillOf(made.source, bucket)

    expect(run.outputs.verdict, run.log).toBe('pass')
    expect(run.summary).toContain('extension hypopg')
  })
})
