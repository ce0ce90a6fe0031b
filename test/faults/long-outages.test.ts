import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/core/backup/manifest.ts'
import { parseConnectionUrl } from '../../src/core/pg/connection.ts'
import { openSource } from '../../src/postgres/source/source.ts'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions } from '../support/dump.ts'
import { MANY_ROWS, untilUploading } from '../support/dump-faults.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { theLab } from '../support/lab.ts'
import { databaseDigest, stockRestore } from '../support/restore.ts'
import { startAction } from '../support/runner.ts'
import { openStore } from '../support/storage/test-store.ts'

const EVERYTHING = { tables: [], excludeTables: [], schemas: [] }

/** They wait for half a minute and more, so they do it together. */
describe.concurrent('an outage of half a minute', () => {
  const lab = theLab()
  const toStore = () => FaultProxy.start({ port: Number(new URL(lab.s3.endpoint).port) })

  it('of the store costs a dump nothing', { timeout: 120_000 }, async () => {
    await using source = await createDatabase(lab, MANY_ROWS)
    await using target = await createDatabase(lab)
    await using bucket = await createBucket(lab)
    await using proxy = await toStore()
    const action = startAction(
      'dump-to-s3',
      dumpOptions(lab, source, bucket, { env: { AWS_ENDPOINT_URL_S3: proxy.url } }),
    )
    await untilUploading(bucket)
    proxy.refuse()
    await sleep(30_000)
    proxy.resume()

    const run = await action.finished

    expect(run.log).toContain('trying again')
    expect(run.exitCode).toBe(0)
    const [archive = '', manifestKey = ''] = await bucket.list()
    const manifest = parseManifest((await bucket.read(manifestKey)).toString(), manifestKey)
    expect(manifest.fingerprint.tables[0]?.rows).toBe(600_000)
    await stockRestore(lab, await bucket.read(archive), target.url)
    expect(await databaseDigest(lab, target.url)).toBe(await databaseDigest(lab, source.url))
    expect(await bucket.listMultipartUploads()).toEqual([])
  })

  it('of the store does not end clean-up, which tries for a minute', { timeout: 90_000 }, async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await toStore()
    using test = openStore(lab.s3, bucket.name, { endpoint: proxy.url })
    proxy.refuse()
    const startedAt = performance.now()

    await expect(test.store.remove('a.json', null)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })

    // The last pause, of 15 s at most, may not fit any more.
    expect(performance.now() - startedAt).toBeGreaterThan(40_000)
  })

  it('spares the session of the snapshot, which probes idle connections', { timeout: 90_000 }, async () => {
    await using database = await createDatabase(lab, 'CREATE TABLE t (id serial)')
    await using proxy = await FaultProxy.start({ port: lab.postgres.port })
    const connection = { ...parseConnectionUrl(database.url), port: proxy.port }
    await using source = await openSource(connection, new AbortController().signal)
    await using snapshot = await source.holdSnapshot(EVERYTHING, 60_000)
    // As a NAT gateway that forgets connections without traffic.
    proxy.forgetAfterMs = 34_000

    await sleep(38_000)

    expect((await source.readSequences(snapshot, false)).size).toBe(1)
  })
})
