import { describe, expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { expectNothingLeft, MANY_ROWS } from '../support/dump-faults.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'
import { runAction } from '../support/runner.ts'

describe('a dump whose store fails', () => {
  const lab = theLab()

  it('goes on after server errors of the store in every phase of the upload', async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port), http: true })
    proxy.failNext(503, 6, { method: 'POST', path: /uploads/ })
    proxy.failNext(500, 6, { method: 'PUT', path: /partNumber=1/ })
    proxy.failNext(500, 6, { method: 'POST', path: /uploadId=/ })
    proxy.failNext(503, 6, { method: 'PUT', path: /manifests/ })

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } }),
    )

    expect(run.log).toContain('trying again')
    expect(run.exitCode).toBe(0)
    expect(await bucket.list()).toHaveLength(2)
  })

  it('removes the archive when its manifest cannot be written', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS a')
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port), http: true })
    proxy.failNext(403, 100, { method: 'PUT', path: /manifests/ })

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } }),
    )

    await expectNothingLeft(run, bucket, 'STORE_DENIED')
  })

  it('keeps the archive when the store cannot confirm its manifest', async () => {
    await using source = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS a')
    await using bucket = await createBucket(lab)
    await using proxy = await FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port), http: true })
    proxy.failNext(403, 100, { method: 'PUT', path: /manifests/ })
    proxy.failNext(403, 100, { method: 'HEAD', path: /manifests/ })

    const run = await runAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } }),
    )

    expect(run.annotations.at(-1)?.title).toBe('dump-to-s3: STORE_DENIED')
    expect(run.log).toContain('Could not confirm that manifest s3://')
    expect(await bucket.list()).toEqual([expect.stringContaining('/archives/')])
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it.each([
    [
      'a bucket that does not exist',
      { destination: 's3://no-such-bucket-anywhere/x' },
      {},
      'STORE_NOT_FOUND',
    ],
    ['a bucket of somebody else', {}, 'stranger', 'STORE_DENIED'],
    ['a key that nobody knows', {}, { AWS_ACCESS_KEY_ID: 'UNKNOWNUNKNOWN000001' }, 'STORE_DENIED'],
    ['an endpoint where nobody listens', { 's3-endpoint': 'http://127.0.0.1:9' }, {}, 'STORE_UNREACHABLE'],
  ] as const)('fails before the dump at %s', async (_, inputs, env, code) => {
    await using source = await createDatabase(lab, 'CREATE TABLE t (a int)')
    await using bucket = await createBucket(lab)
    const { stranger } = lab.s3
    const keys =
      env === 'stranger'
        ? { AWS_ACCESS_KEY_ID: stranger.accessKeyId, AWS_SECRET_ACCESS_KEY: stranger.secretAccessKey }
        : env

    const run = await runAction('dump-to-s3', dumpOptions(lab, source, bucket, { inputs, env: keys }))

    expect(run.log).not.toContain('pg_dump ended')
    await expectNothingLeft(run, bucket, code)
  })
})
