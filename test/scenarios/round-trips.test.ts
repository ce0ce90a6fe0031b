import { expect, it } from 'vitest'
import { createBucket } from '../support/bucket.ts'
import { createDatabase } from '../support/database.ts'
import { dumpOptions, labEnvironment } from '../support/dump.ts'
import { runGate, USERS } from '../support/gate.ts'
import { theLab } from '../support/lab.ts'
import { type ActionRun, runAction } from '../support/runner.ts'
import { countTurns } from '../support/turns.ts'

const lab = theLab()

it('a tiny dump, an idle gate and a freshness check take few round trips', async () => {
  await using database = await createDatabase(lab, USERS)
  await using bucket = await createBucket(lab)
  await using server = await countTurns(lab.postgres.host, lab.postgres.port)
  const endpoint = new URL(lab.s3.endpoint)
  await using store = await countTurns(endpoint.hostname, Number(endpoint.port))
  endpoint.port = String(store.port)
  const env = { ...labEnvironment(lab), AWS_ENDPOINT_URL_S3: endpoint.origin }
  const url = new URL(database.url)
  url.port = String(server.port)
  const counted = async (run: () => Promise<ActionRun>) => {
    const before = { database: server.turns, store: store.turns }
    const { exitCode, log } = await run()
    expect(exitCode, log).toBe(0)
    return { database: server.turns - before.database, store: store.turns - before.store }
  }

  // pg_dump alone takes 80 of them, over TLS, and each look at the locks one more.
  const options = dumpOptions(lab, { url: url.href }, bucket, { inputs: { database: 'logi' }, env })
  const dump = await counted(() => runAction('dump-to-s3', options))
  expect(dump.database).toBeLessThanOrEqual(106)
  expect(dump.store).toBeLessThanOrEqual(10)

  const idle = { inputs: { migrations: 'printf ""' }, env }
  const gate = await counted(() => runGate({ url: url.href }, bucket, idle))
  expect(gate).toEqual({ database: 0, store: 0 })

  const inputs = { destination: `s3://${bucket.name}/backups`, database: 'logi' }
  const fresh = await counted(() => runAction('check-freshness', { inputs, env }))
  expect(fresh.database).toBe(0)
  expect(fresh.store).toBeLessThanOrEqual(8)
})
