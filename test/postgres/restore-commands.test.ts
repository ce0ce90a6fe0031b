import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { dumpArguments } from '../../src/core/dump-options.ts'
import type { ArchiveFormat } from '../../src/core/manifest.ts'
import { renderRestoreCommands } from '../../src/core/restore-commands.ts'
import { startDump } from '../../src/postgres/pg-dump.ts'
import { sha256 } from '../storage/test-store.ts'
import { createBucket } from '../support/bucket.ts'
import { readAll } from '../support/byte-source.ts'
import { createDatabase } from '../support/database.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest } from '../support/restore.ts'
import { createWorkplace } from '../support/runner/workplace.ts'

const lab = theLab()
const CONTENT = `CREATE TABLE "Mixed" (a int PRIMARY KEY, b text); INSERT INTO "Mixed" SELECT i, 'x''' || i FROM generate_series(1, 1000) AS i`
const ID = '20261123T031500Z-daily-1a2b3c4d'

/** `aws s3 cp [--endpoint-url URL] s3://… FILE|-`, for machines without it. What is tested is the line in the shell around it. */
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

async function runInShell(command: string, directory: string, targetUrl: string): Promise<void> {
  const env = {
    PATH: [directory, lab.postgres.binDir, process.env.PATH].join(delimiter),
    AWS_ACCESS_KEY_ID: lab.s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: lab.s3.secretAccessKey,
    TARGET_URL: targetUrl,
  }
  await promisify(execFile)('/bin/sh', ['-euc', command], { cwd: directory, env })
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
      const object = { bucket: bucket.name, key, sha256: sha256(archive) }
      const command = renderRestoreCommands(object, format, lab.s3.endpoint, compression)[way]
      const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
      try {
        await writeFile(join(directory, 'aws'), AWS)
        await writeFile(join(directory, 'package.json'), '{"type":"module"}')
        await chmod(join(directory, 'aws'), 0o755)
        await runInShell(command, directory, target.url)
      } finally {
        await rm(directory, { recursive: true })
      }
      expect(await databaseDigest(lab, target.url)).toBe(await databaseDigest(lab, source.url))
    })
  },
)

it('the command for a file stops at a wrong checksum', async () => {
  await using target = await createDatabase(lab)
  await using bucket = await createBucket(lab)
  const key = `a/${ID}.sql`
  await bucket.client.send(
    new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: 'CREATE TABLE wrong ();' }),
  )
  const object = { bucket: bucket.name, key, sha256: '0'.repeat(64) }
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
  try {
    await writeFile(join(directory, 'aws'), AWS, { mode: 0o755 })
    await writeFile(join(directory, 'package.json'), '{"type":"module"}')
    const { file } = renderRestoreCommands(object, 'plain', lab.s3.endpoint)
    await expect(runInShell(file, directory, target.url)).rejects.toThrow('sha256sum')
  } finally {
    await rm(directory, { recursive: true })
  }
  expect(await target.query("SELECT FROM pg_tables WHERE schemaname = 'public'")).toEqual([])
})
