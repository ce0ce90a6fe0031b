import type { Lab } from '../../lab/lab.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { createDatabase } from '../../test/support/database.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { actionContender, shellContender } from './contenders.ts'
import { holdContest, ratio, type Section } from './contest.ts'
import { variables } from './dump-contest.ts'
import { type Network, startShapedProxy } from './shaped-proxy.ts'

const ACTION = 'dump-to-s3'
const BARE = 'pg_dump > /dev/null'
const THREE_TABLES = `CREATE TABLE users (id serial PRIMARY KEY, name text);
  CREATE TABLE links (id serial PRIMARY KEY, "user" int REFERENCES users);
  CREATE TABLE events (id serial PRIMARY KEY, at timestamptz DEFAULT now());
  INSERT INTO users (name) SELECT 'u' || g FROM generate_series(1, 1000) g`

/**
 * A database of three small tables, far from the runner: what counts is how often a session waits for an
 * answer.
 */
export async function tinyContest(lab: Lab, network: Network, rounds: number): Promise<Section> {
  await using database = await createDatabase(lab, THREE_TABLES, 'bench')
  await using bucket = await createBucket(lab)
  const endpoint = new URL(lab.s3.endpoint)
  await using store = await startShapedProxy(
    { host: endpoint.hostname, port: Number(endpoint.port) },
    network,
  )
  await using server = await startShapedProxy(lab.postgres, network)
  endpoint.port = String(store.port)
  const url = new URL(database.url)
  url.port = String(server.port)
  const env = { ...labEnvironment(lab), AWS_ENDPOINT_URL_S3: endpoint.href.replace(/\/$/, '') }
  const title = `tiny database, ${network.name} to database and store`
  console.log(title)
  let roundTrips = 0
  const action = actionContender(ACTION, () => dumpOptions(lab, { url: url.href }, bucket, { env }))
  const counted = async () => {
    const before = server.roundTrips()
    const sample = await action.run()
    roundTrips = server.roundTrips() - before
    return sample
  }
  const bare = shellContender(BARE, 'pg_dump --format=custom > /dev/null', { ...env, ...variables(url) })
  const results = await holdContest([bare, { name: ACTION, run: counted }], rounds)
  const times = (value: number) => `${value.toFixed(2)} ×`
  return {
    title,
    results,
    aims: [
      { name: 'dump-to-s3 / bare pg_dump', value: ratio(results, ACTION, BARE), limit: 1.4, render: times },
      { name: 'round trips to the database', value: roundTrips, limit: 110, render: String },
    ],
  }
}
