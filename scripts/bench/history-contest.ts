import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Lab } from '../../lab/lab.ts'
import { manifestKey } from '../../src/core/backup/bucket-layout.ts'
import { mapBounded } from '../../src/core/map-bounded.ts'
import { renderCount } from '../../src/core/text/bytes.ts'
import { createBucket, type TestBucket } from '../../test/support/bucket.ts'
import { createDatabase } from '../../test/support/database.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { actionContender } from './contenders.ts'
import { type Aim, type Contender, holdContest, type Section } from './contest.ts'
import { type Network, startShapedProxy } from './shaped-proxy.ts'

const LOCATION = { prefix: 'backups', database: 'bench' }
const HOUR_MS = 3_600_000
/** A trend reads ten heads. */
const MOST_MORE = 12

/** How much more often a dump, a drill and a freshness check wait for a store with many older manifests. */
export async function historyContest(lab: Lab, manifests: number, network: Network): Promise<Section> {
  await using database = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS x', 'bench')
  await using bucket = await createBucket(lab)
  const endpoint = new URL(lab.s3.endpoint)
  await using store = await startShapedProxy(
    { host: endpoint.hostname, port: Number(endpoint.port) },
    network,
  )
  endpoint.port = String(store.port)
  const env = { ...labEnvironment(lab), AWS_ENDPOINT_URL_S3: endpoint.origin }
  const title = `${renderCount(manifests)} older manifests, ${network.name} to the store`
  console.log(title)
  const inputs = { destination: `s3://${bucket.name}/backups`, database: 'bench' }
  const dump = dumpOptions(lab, { url: database.url }, bucket, { inputs: { database: 'bench' }, env })
  const actions: readonly Contender[] = [
    actionContender('dump-to-s3', () => dump),
    actionContender('verify-drill', () => ({ inputs, env })),
    actionContender('check-freshness', () => ({ inputs, env })),
  ]
  const roundTrips = new Map<string, number[]>()
  const counted = actions.map(({ name, run }) => ({
    name,
    run: async () => {
      const before = store.roundTrips()
      const sample = await run()
      roundTrips.set(name, [...(roundTrips.get(name) ?? []), store.roundTrips() - before])
      return sample
    },
  }))
  for (const { run } of counted) await run()
  await fill(bucket, manifests)
  const results = await holdContest(counted, 1)
  const aims = [...roundTrips].map(
    ([name, [without = 0, within = 0]]): Aim => ({
      name: `more round trips of ${name} than with one backup`,
      value: within - without,
      limit: MOST_MORE,
      render: String,
    }),
  )
  return { title, results, aims }
}

/** Copies a manifest, with the head in its metadata, under older names, one an hour. */
async function fill(bucket: TestBucket, manifests: number): Promise<void> {
  const [key = ''] = await bucket.list('backups/manifests/')
  const Body = await bucket.read(key)
  const { Metadata } = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }))
  const newest = Date.now() - HOUR_MS
  const ages = Array.from({ length: manifests }, (_, i) => i)
  await mapBounded(ages, 32, async age => {
    const id = { instant: new Date(newest - age * HOUR_MS), kind: 'daily', nonce: '0000000a' } as const
    const command = { Bucket: bucket.name, Key: manifestKey(LOCATION, id), Body, Metadata }
    await bucket.client.send(new PutObjectCommand(command))
  })
}
