import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { dumpArguments } from '../../src/core/backup/dump-options.ts'
import type { ArchiveFormat } from '../../src/core/backup/manifest.ts'
import { renderRestoreCommands } from '../../src/core/backup/restore-commands.ts'
import { startDump } from '../../src/postgres/client-tools/pg-dump.ts'
import { createBucket } from '../support/bucket.ts'
import { readAll } from '../support/byte-source.ts'
import { createDatabase, withClient } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { createWorkplace } from '../support/runner/workplace.ts'
import { runAction } from '../support/runner.ts'
import { sha256 } from '../support/storage/test-store.ts'

const lab = theLab()
const CONTENT = `CREATE TABLE "Mixed" (a int PRIMARY KEY, b text); INSERT INTO "Mixed" SELECT i, 'x''' || i FROM generate_series(1, 1000) AS i`
const ID = '20261123T031500Z-daily-1a2b3c4d'

/**
 * `aws s3 cp [--endpoint-url URL] s3://… FILE|-`, for machines without it. What is tested is the line in the
 * shell around it.
 */
const AWS = `#!${process.execPath}
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
const { GetObjectCommand, S3Client } = await import('${pathToFileURL(join(process.cwd(), 'node_modules/@aws-sdk/client-s3/dist-cjs/index.js')).href}')
const [s3, cp, flag, endpoint, uri, target, ...more] = process.argv.slice(2)
if (s3 !== 's3' || cp !== 'cp' || flag !== '--endpoint-url' || more.length > 0) throw new Error('unknown command')
const [, Bucket, Key] = /^s3:\\/\\/([^/]+)\\/(.*)$/.exec(uri)
const { Body } = await new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true }).send(new GetObjectCommand({ Bucket, Key }))
await pipeline(Body, target === '-' ? process.stdout : createWriteStream(target))
`

async function dump(url: string, format: ArchiveFormat, compression: string): Promise<Buffer> {
  const options = { format, compression, lockTimeoutMs: 1000, tables: [], excludeTables: [], schemas: [] }
  const args = dumpArguments(options, '').filter(arg => !arg.startsWith('--snapshot'))
  const env = { PATH: process.env.PATH ?? '' }
  await using running = await startDump({
    path: join(lab.postgres.binDir, 'pg_dump'),
    args: [...args, `--dbname=${url}`],
    env,
    directory: createWorkplace().temp,
  })
  const archive = await readAll(running.archive)
  await running.finished
  return archive
}

/** As a person would, in a directory of its own, with an `aws` on the PATH. */
async function inShell(command: string, targetUrl: string, aws = AWS): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  try {
    await writeFile(join(directory, 'aws'), aws, { mode: 0o755 })
    await writeFile(join(directory, 'package.json'), '{"type":"module"}')
    const env = {
      PATH: [directory, lab.postgres.binDir, process.env.PATH].join(delimiter),
      AWS_ACCESS_KEY_ID: lab.s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: lab.s3.secretAccessKey,
      TARGET_URL: targetUrl,
    }
    await promisify(execFile)('/bin/sh', ['-euc', command], { cwd: directory, env })
  } finally {
    await rm(directory, { recursive: true })
  }
}

describe.each([
  ['custom', 'zstd:1', "it's/(1)*!/team=ops", 'dump'],
  ['plain', 'none', 'a', 'sql'],
  ['plain', 'gzip:1', "b'c", 'sql'],
] as const)(
  'the commands that restore a %s archive compressed with %s under %s',
  (format, compression, prefix, extension) => {
    it.each(['file', 'stream'] as const)('do, as a %s', async way => {
      await using source = await createDatabase(lab, CONTENT)
      await using target = await createDatabase(lab)
      await using bucket = await createBucket(lab)
      const archive = await dump(source.url, format, compression)
      const key = `${prefix}/${ID}.${extension}`
      await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: archive }))
      const store = { bucket: bucket.name, endpoint: lab.s3.endpoint }
      const object = { key, sha256: sha256(archive) }
      const command = renderRestoreCommands(object, store, { format, compression })[way]
      await inShell(command, target.url)
      expect(await databaseDigest(lab, target.url)).toBe(await databaseDigest(lab, source.url))
    })
  },
)

describe.each(['none', 'gzip', 'zstd'])(
  'a stream of a plain script compressed with %s that breaks off',
  compression => {
    const big = `CREATE TABLE a AS SELECT i, md5(i::text) FROM generate_series(1, 20000) AS i; CREATE TABLE b AS SELECT md5(i::text) FROM generate_series(1, 20000) AS i`

    it.each([0.001, 0.3, 0.9])('after %d of it leaves nothing behind, and fails', async part => {
      await using source = await createDatabase(lab, big)
      await using target = await createDatabase(lab)
      const archive = await dump(source.url, 'plain', compression)
      const half = archive.subarray(0, Math.floor(archive.length * part)).toString('base64')
      const cut = `#!/bin/sh\nbase64 -d <<'END'\n${half}\nEND\nexit 1\n`
      const object = { key: `a/${ID}.sql`, sha256: sha256(archive) }
      const store = { bucket: 'b', endpoint: undefined }
      const { stream } = renderRestoreCommands(object, store, { format: 'plain', compression })
      await expect(inShell(stream, target.url, cut)).rejects.toThrow()
      expect(await target.query("SELECT FROM pg_tables WHERE schemaname = 'public'")).toEqual([])
    })
  },
)

describe('the commands in the summary of a partial backup', () => {
  const SCHEMA = `CREATE EXTENSION citext; CREATE SCHEMA tools; CREATE EXTENSION hstore SCHEMA tools; CREATE SCHEMA "it's"; ${CONTENT};
    CREATE TABLE "it's".tags (name citext, more tools.hstore); INSERT INTO "it's".tags VALUES ('a', 'b=>1');
    CREATE TABLE authors (id int PRIMARY KEY); CREATE TABLE notes (author int CONSTRAINT by REFERENCES authors);
    CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER guard BEFORE INSERT ON notes EXECUTE FUNCTION guard();
    COMMENT ON CONSTRAINT by ON notes IS 'x'; COMMENT ON TRIGGER guard ON notes IS 'x'; INSERT INTO authors VALUES (1); INSERT INTO notes VALUES (1)`

  it.each<[string, Record<string, string>, string, number]>([
    ['tables', { tables: `"it's".*` }, `"it's".tags`, 1],
    ['tables that refer to others', { tables: 'notes' }, 'notes', 1],
    ['all but a table that others refer to', { 'exclude-tables': 'authors' }, 'notes', 1],
    ['schemas', { schemas: `public\n"it's"` }, `"it's".tags`, 1],
    ['a schema, in plain SQL', { schemas: `"it's"`, format: 'plain' }, `"it's".tags`, 2],
    ['the schema that is always there, in plain SQL', { schemas: 'public', format: 'plain' }, '"Mixed"', 2],
  ])('restore %s', async (_what, inputs, table, ways) => {
    await using source = await createDatabase(lab, SCHEMA)
    await using bucket = await createBucket(lab)
    const run = await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs }))
    expect(run.exitCode, run.log).toBe(0)
    const blocks = [...run.summary.matchAll(/```bash\n((?:aws|psql) .*?)\n```/gs)].map(
      ([, command = '']) => command,
    )
    expect(blocks).toHaveLength(ways)
    for (const command of blocks) {
      await using target = await createDatabase(lab)
      await inShell(command, target.url)
      const rows = (url: string) => withClient(url, client => client.query(`TABLE ${table}`))
      expect((await rows(target.url)).rows).toEqual((await rows(source.url)).rows)
    }
  })
})

it('the command for a file stops at a wrong checksum', async () => {
  await using target = await createDatabase(lab)
  await using bucket = await createBucket(lab)
  const key = `a/${ID}.sql`
  await bucket.client.send(
    new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: 'CREATE TABLE wrong ();' }),
  )
  const store = { bucket: bucket.name, endpoint: lab.s3.endpoint }
  const object = { key, sha256: '0'.repeat(64) }
  const { file } = renderRestoreCommands(object, store, { format: 'plain' })
  await expect(inShell(file, target.url)).rejects.toThrow('sha256sum')
  expect(await target.query("SELECT FROM pg_tables WHERE schemaname = 'public'")).toEqual([])
})
