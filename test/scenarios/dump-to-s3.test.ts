import { createHash } from 'node:crypto'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/core/backup/manifest.ts'
import { createBucket, type TestBucket } from '../support/bucket.ts'
import { createDatabase, withClient } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest, stockRestore } from '../support/restore.ts'
import { runAction } from '../support/runner.ts'

const USERS = `
  CREATE TABLE users (id serial PRIMARY KEY, email text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO users (email, created_at)
    SELECT 'user' || i || '@example.com', '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 minute' FROM generate_series(1, 20000) AS i;
  CREATE TABLE payments (id int PRIMARY KEY, user_id int REFERENCES users, amount numeric);
  INSERT INTO payments SELECT i, i, i / 100.0 FROM generate_series(1, 500) AS i;
  CREATE VIEW payers AS SELECT DISTINCT user_id FROM payments;
  ANALYZE;`

async function readManifest(bucket: TestBucket) {
  const key = (await bucket.list('backups/manifests/')).at(-1) ?? ''
  return parseManifest((await bucket.read(key)).toString(), key)
}

describe('dump-to-s3', () => {
  const lab = theLab()

  it('makes a backup that stock pg_restore turns into the same database', async () => {
    await using source = await createDatabase(lab, USERS)
    await using target = await createDatabase(lab)
    await using bucket = await createBucket(lab)

    const run = await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: { kind: 'daily' } }))

    expect(run.log).toContain('backup complete.')
    expect(run.exitCode).toBe(0)
    const manifest = await readManifest(bucket)
    const archive = await bucket.read(manifest.object.key)
    expect(createHash('sha256').update(archive).digest('hex')).toBe(manifest.object.sha256)
    expect(archive.length).toBe(manifest.object.bytes)
    await stockRestore(lab, archive, target.url)
    expect(await databaseDigest(lab, target.url)).toBe(await databaseDigest(lab, source.url))
    expect(run.leftFiles).toEqual([])
    expect(run.leftProcesses).toEqual([])
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it('tells in outputs, manifest and summary what the backup holds', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { database: 'logi', kind: 'daily' } }),
    )

    const manifest = await readManifest(bucket)
    const id = run.outputs['backup-id'] ?? ''
    expect(id).toMatch(/^\d{8}T\d{6}Z-daily-[0-9a-f]{8}$/)
    expect(await bucket.list()).toEqual([
      `backups/archives/logi/${id.slice(0, 4)}/${id.slice(4, 6)}/${id}.dump`,
      `backups/manifests/logi/${id}.json`,
    ])
    expect(run.outputs).toMatchObject({
      kind: 'daily',
      tables: '2',
      rows: '20500',
      sha256: manifest.object.sha256,
    })
    expect(run.droppedOutputs).toEqual([])
    expect(manifest.fingerprint.tables).toEqual([
      {
        schema: 'public',
        name: 'payments',
        rows: 500,
        newest: null,
        contentHash: null,
        extension: null,
        movesWithin: null,
      },
      {
        schema: 'public',
        name: 'users',
        rows: 20000,
        newest: { column: 'created_at', value: '2026-01-14 21:20:00+00' },
        contentHash: null,
        extension: null,
        movesWithin: null,
      },
    ])
    expect(manifest.fingerprint.sequences).toEqual([
      {
        schema: 'public',
        name: 'users_id_seq',
        atSnapshot: '20000',
        atEnd: '20000',
        nextAtSnapshot: null,
        nextAtEnd: null,
        cycles: false,
      },
    ])
    expect(manifest.fingerprint.objects).toMatchObject({ indexes: 2, views: 1, triggers: 0 })
    expect(manifest.object.storageClass).toBe('STANDARD_IA')
    expect(manifest.object.checksum).not.toBeNull()
    expect(run.summary).toContain('20,500 rows in 2 tables')
    expect(run.summary).toContain('pg_restore --exit-on-error')
    expect(run.annotations.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('tells what was in the snapshot, not what came after it', async () => {
    await using source = await createDatabase(lab, USERS)
    await using target = await createDatabase(lab)
    await using bucket = await createBucket(lab)
    const stop = new AbortController()
    const writing = withClient(source.url, async client => {
      while (!stop.signal.aborted) await client.query("INSERT INTO users (email) VALUES ('late@example.com')")
    })

    await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs: { fingerprint: 'content' } }))
    stop.abort()
    await writing

    const manifest = await readManifest(bucket)
    await stockRestore(lab, await bucket.read(manifest.object.key), target.url)
    const [counted] = await target.query<{ rows: string }>('SELECT count(*)::text AS rows FROM users')
    const users = manifest.fingerprint.tables.find(table => table.name === 'users')
    expect(users?.rows).toBe(Number(counted?.rows))
    expect(users?.rows).toBeGreaterThan(20000)
    const [{ after } = { after: '' }] = await source.query<{ after: string }>(
      'SELECT count(*)::text AS after FROM users',
    )
    expect(Number(after)).toBeGreaterThan(users?.rows ?? Number.POSITIVE_INFINITY)
  })

  it('marks a dump of some tables as partial and takes partitions along', async () => {
    await using source = await createDatabase(
      lab,
      `${USERS}
       CREATE TABLE events (at date) PARTITION BY RANGE (at);
       CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
       INSERT INTO events VALUES ('2026-05-05');`,
    )
    await using bucket = await createBucket(lab)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { kind: 'daily', tables: 'events\npayments' } }),
    )

    const manifest = await readManifest(bucket)
    expect(run.outputs.kind).toBe('partial')
    expect(run.outputs['backup-id']).toContain('-partial-')
    expect(manifest.backup.tablePatterns).toEqual(['events', 'payments'])
    expect(manifest.fingerprint.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ['events_2026', 1],
      ['payments', 500],
    ])
    expect(run.summary).toContain('partial')
  })

  it('writes a plain script where one is asked for', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { inputs: { format: 'plain', compression: 'none' } }),
    )

    const script = (await bucket.read((await bucket.list('backups/archives/'))[0] ?? '')).toString()
    expect(script).toContain('COPY public.users (id, email, created_at) FROM stdin;')
    expect(run.outputs['archive-uri']).toMatch(/\.sql$/)
    expect(run.summary).toContain('ON_ERROR_STOP')
  })

  it('sets storage class, tags, encryption and its own id on the archive', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, {
        inputs: {
          'storage-class': 'GLACIER_IR',
          'object-tags': 'team=ops\ncost center=a & b',
          sse: 'aws:kms:lab-key',
        },
      }),
    )

    const Key = (await bucket.list('backups/archives/'))[0]
    const head = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key }))
    expect(head).toMatchObject({
      StorageClass: 'GLACIER_IR',
      TagCount: 2,
      ServerSideEncryption: 'aws:kms',
      Metadata: { 'backup-id': run.outputs['backup-id'] },
    })
  })

  it('reads the connection from the PG* variables as well', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const { host, port, user, password } = lab.postgres

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, {
        inputs: { 'database-url': '' },
        env: {
          PGHOST: host,
          PGPORT: String(port),
          PGUSER: user,
          PGPASSWORD: password,
          PGDATABASE: source.name,
        },
      }),
    )

    expect(run.outputs.rows).toBe('20500')
    expect(run.log).not.toContain(password)
  })

  it('tells every wrong input at once, before it connects anywhere', async () => {
    const run = await runAction('dump-to-s3', {
      inputs: {
        'database-url': 'mysql://u:p@localhost/db',
        destination: 'bucket',
        kind: 'weekly',
        compression: 'zstd:3,long',
        timeout: '10',
        sse: 'DES',
        'object-tags': 'novalue',
        tables: '"open',
        schemas: 'a',
      },
      env: { AWS_REGION: 'us-east-1' },
    })

    expect(run.exitCode).toBe(1)
    const [error, ...more] = run.annotations
    expect(more).toEqual([])
    expect(error?.title).toBe('dump-to-s3: INVALID_INPUT')
    for (const name of [
      'database-url',
      'destination',
      'kind',
      'compression',
      'timeout',
      'sse',
      'object-tags',
      'tables',
      'schemas',
    ]) {
      expect(error?.message).toMatch(new RegExp(`^- ${name}\\b`, 'm'))
    }
  })
})
