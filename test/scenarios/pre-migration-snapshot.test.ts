import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { parseGateRecord } from '../../src/core/gate/gate-record.ts'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { runGate, USERS } from '../support/gate.ts'
import { theLab } from '../support/lab.ts'

describe('pre-migration-snapshot', () => {
  const lab = theLab()

  it.each(['checksum', 'archive', 'drill'])(
    'opens with a restore point verified to level %s',
    async level => {
      await using source = await createDatabase(lab, USERS)
      await using bucket = await createBucket(lab)

      const run = await runGate(source, bucket, { inputs: { 'verify-level': level } })

      expect(run.log).toContain('pending: 20261102_drop_legacy')
      expect(run.exitCode).toBe(0)
      expect(run.outputs).toMatchObject({ 'migrations-pending': 'true', 'verified-level': level })
      expect(run.outputs['backup-id']).toContain('-pre-migration-')
      expect(run.outputs['restore-command']).toContain('pg_restore --exit-on-error')
      const [key = ''] = await bucket.list('backups/gates/logi/')
      const record = parseGateRecord((await bucket.read(key)).toString(), key)
      expect(record.backup.id).toBe(run.outputs['backup-id'])
      expect(record.migrations.pending).toEqual(['20261101_add_plan', '20261102_drop_legacy'])
      expect(run.summary).toContain('20261101_add_plan')
      expect(run.leftFiles).toEqual([])
      expect(run.leftProcesses).toEqual([])
    },
  )

  it('lets a deploy without migrations pass in seconds, and touches nothing', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    const run = await runGate(source, bucket, { inputs: { migrations: 'printf ""' } })

    expect(run.outputs).toMatchObject({ 'migrations-pending': 'false', 'verified-level': 'none' })
    expect(run.exitCode).toBe(0)
    expect(run.durationMs).toBeLessThan(3000)
    expect(await bucket.list()).toEqual([])
  })

  it('says what a partial restore point does not cover', async () => {
    await using source = await createDatabase(lab, `${USERS} CREATE TABLE other (a int);`)
    await using bucket = await createBucket(lab)

    const run = await runGate(source, bucket, { inputs: { tables: 'users' } })

    expect(run.outputs['backup-id']).toContain('-partial-')
    expect(run.summary).toContain('This backup is partial')
  })

  it('restores a partial restore point outside of public by drill and by commands', async () => {
    await using source = await createDatabase(
      lab,
      `CREATE SCHEMA "Audit's"; CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
       CREATE TABLE "Audit's".events (id int PRIMARY KEY, who ext.citext); INSERT INTO "Audit's".events VALUES (1, 'Ann')`,
    )
    await using bucket = await createBucket(lab)

    const run = await runGate(source, bucket, {
      inputs: { tables: `"Audit's".events`, 'verify-level': 'drill' },
    })

    expect(run.exitCode, run.log).toBe(0)
    expect(run.summary).toContain('CREATE EXTENSION IF NOT EXISTS')
    await using target = await createDatabase(lab)
    const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    // There is no AWS CLI on this machine: what it would fetch is put there.
    const [archive = ''] = await bucket.list('backups/archives/')
    await writeFile(join(directory, basename(archive)), await bucket.read(archive))
    const command = (run.outputs['restore-command'] ?? '').replace(/^aws s3 cp .*$/m, 'true &&')
    execFileSync('bash', ['-ec', command], {
      cwd: directory,
      env: { PATH: labEnvironment(lab).PATH, TARGET_URL: target.url },
    })
    await rm(directory, { recursive: true })
    expect(
      await target.query(`SELECT who FROM "Audit's".events WHERE who OPERATOR(ext.=) 'ANN'::ext.citext`),
    ).toHaveLength(1)
  })

  it('encrypts its records as it does the archive', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    const run = await runGate(source, bucket, { inputs: { 'verify-level': 'drill', sse: 'aws:kms:lab-key' } })

    expect(run.exitCode, run.log).toBe(0)
    const keys = await bucket.list()
    expect(keys.map(key => key.split('/')[1])).toEqual(['archives', 'drills', 'gates', 'manifests'])
    for (const Key of keys) {
      const { ServerSideEncryption } = await bucket.client.send(
        new HeadObjectCommand({ Bucket: bucket.name, Key }),
      )
      expect(ServerSideEncryption, Key).toBe('aws:kms')
    }
  })

  it('decodes with a pg_restore that knows the archive, though an older one is first', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    const old = '#!/bin/sh\n[ "$1" = --version ] && echo "pg_restore (PostgreSQL) 12.9" && exit\nexit 1\n'
    await writeFile(join(directory, 'pg_restore'), old, { mode: 0o755 })

    const PATH = [directory, labEnvironment(lab).PATH].join(delimiter)
    const run = await runGate(source, bucket, { env: { PATH } })
    await rm(directory, { recursive: true })

    expect(run.outputs['verified-level'], run.log).toBe('archive')
  })

  it('finds the migrations of the project by itself', async () => {
    await using source = await createDatabase(
      lab,
      `${USERS} CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations VALUES ('20260101000000');`,
    )
    await using bucket = await createBucket(lab)
    const project = await mkdtemp(join(tmpdir(), 'pg-runbook-test-project-'))
    await mkdir(join(project, 'db/migrate'), { recursive: true })
    for (const name of ['20260101000000_create_users.rb', '20261120000000_add_plan.rb']) {
      await writeFile(join(project, 'db/migrate', name), 'class M < ActiveRecord::Migration[8.0]; end\n')
    }

    const pending = await runGate(source, bucket, {
      inputs: { migrations: 'auto', project, 'verify-level': 'checksum' },
    })
    await source.query("INSERT INTO schema_migrations VALUES ('20261120000000')")
    const none = await runGate(source, bucket, { inputs: { migrations: 'auto', project } })
    await rm(project, { recursive: true })

    expect(pending.summary).toContain('20261120000000')
    expect(pending.log).toContain('Rails')
    expect(pending.outputs['migrations-pending']).toBe('true')
    expect(none.outputs['migrations-pending']).toBe('false')
    expect(none.durationMs).toBeLessThan(3000)
  })

  it('takes a restore point without a pending migration when it is asked to', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    const run = await runGate(source, bucket, {
      inputs: { migrations: 'printf ""', 'on-none': 'snapshot', 'verify-level': 'checksum' },
    })

    expect(run.exitCode, run.log).toBe(0)
    expect(run.outputs).toMatchObject({ 'migrations-pending': 'false', 'verified-level': 'checksum' })
    expect(run.outputs['backup-id']).toContain('-pre-migration-')
  })
})
