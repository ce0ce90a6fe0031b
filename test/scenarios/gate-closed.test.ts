import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { labEnvironment } from '../support/dump.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { expectClosed, runGate, startGate, USERS } from '../support/gate.ts'
import { theLab } from '../support/lab.ts'

const lab = theLab()
const storePort = Number(new URL(lab.s3.endpoint).port)

describe('the gate stays closed', () => {
  it.each([
    [
      'the database is down',
      { 'database-url': 'postgresql://user:word-of-pass@127.0.0.1:9/db' },
      'DATABASE_UNREACHABLE',
    ],
    ['the store is down', { 's3-endpoint': 'http://127.0.0.1:9' }, 'STORE_UNREACHABLE'],
    ['the deadline passes', { timeout: '1ms' }, 'TIMED_OUT'],
    ['an input is wrong', { 'verify-level': 'blindly' }, 'INVALID_INPUT'],
    ['the archive would lie in cold storage', { 'storage-class': 'GLACIER' }, 'INVALID_INPUT'],
  ])('when %s', async (_, inputs, code) => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)

    expectClosed(await runGate(source, bucket, { inputs }), code)
    expect(await bucket.list('backups/gates/')).toEqual([])
  })

  it('when pg_dump fails', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-test-'))
    const { PATH = '' } = labEnvironment(lab)
    const real = join(lab.postgres.binDir, 'pg_dump')
    await writeFile(
      join(directory, 'pg_dump'),
      `#!/bin/sh\n[ "$1" = --version ] && exec ${real} --version\n${real} "$@" | head -c 1000\nexit 1\n`,
    )
    await chmod(join(directory, 'pg_dump'), 0o755)

    const run = await runGate(source, bucket, { env: { PATH: [directory, PATH].join(delimiter) } })
    await rm(directory, { recursive: true })

    expectClosed(run, 'DUMP_FAILED')
    expect(await bucket.list()).toEqual([])
  })

  it('when the archive cannot be read back', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: storePort, http: true })
    proxy.failNext(404, 100, { method: 'GET', path: /archives/ })

    const run = await runGate(source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } })

    expectClosed(run, 'BACKUP_NOT_FOUND')
    expect(await bucket.list('backups/gates/')).toEqual([])
  })

  it('when a backup that would be reused is not what it was', async () => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    const first = await runGate(source, bucket)
    expect(first.exitCode).toBe(0)
    const [Key = ''] = await bucket.list('backups/archives/')
    const Body = await bucket.read(Key)
    Body[Body.length - 1] = (Body.at(-1) ?? 0) ^ 1
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }))

    const reuse = { 'reuse-within': '10m' }
    expectClosed(await runGate(source, bucket, { inputs: reuse }), 'ARCHIVE_CORRUPT')
    expectClosed(
      await runGate(source, bucket, { inputs: { ...reuse, 'verify-level': 'drill' } }),
      'GATE_UNVERIFIED',
    )
  })

  it('when a drill has no row to compare, and says which level needs none', async () => {
    await using source = await createDatabase(theLab(), 'CREATE TABLE users (id int)')
    await using bucket = await createBucket(theLab())

    const run = await runGate(source, bucket, { inputs: { 'verify-level': 'drill' } })

    expectClosed(run, 'GATE_UNVERIFIED')
    expect(run.log).toContain('verify-level: archive')
  })

  it('when the drill fails', async () => {
    await using source = await createDatabase(
      lab,
      "CREATE TYPE state AS ENUM ('new'); CREATE TABLE orders (id int PRIMARY KEY, state state)",
    )
    await using bucket = await createBucket(lab)

    // A partial backup without the type of a column.
    const run = await runGate(source, bucket, { inputs: { tables: 'orders', 'verify-level': 'drill' } })

    expectClosed(run, 'GATE_UNVERIFIED')
    expect(run.annotations.at(-1)?.message).toContain('The drill of the restore point ended with fail')
    expect(run.leftProcesses).toEqual([])
  })

  it('when it is cancelled in the dump, and removes everything', async () => {
    await using source = await createDatabase(
      lab,
      `CREATE TABLE t AS SELECT md5(i::text) || md5((i * 3)::text) AS a FROM generate_series(1, 600000) AS i`,
    )
    await using bucket = await createBucket(lab)
    const action = startGate(source, bucket, { inputs: { compression: 'zstd:19' } })
    await action.waitForLog(/Snapshot /)

    const run = await action.cancel()

    expectClosed(run, 'CANCELLED')
    expect(await bucket.list()).toEqual([])
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it.each(['cancelled', 'late'])('when it is %s while it verifies', async how => {
    await using source = await createDatabase(lab, USERS)
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: storePort })
    const action = startGate(source, bucket, {
      inputs: { timeout: how === 'late' ? '10s' : '10m' },
      env: { AWS_ENDPOINT_URL_S3: proxy.url },
    })
    await action.waitForLog(/Verify /)
    proxy.blackhole()

    const run = await (how === 'late' ? action.finished : action.cancel())

    expectClosed(run, how === 'late' ? 'TIMED_OUT' : 'CANCELLED')
    expect(run.leftFiles).toEqual([])
    expect(run.leftProcesses).toEqual([])
  })
})
