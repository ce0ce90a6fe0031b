import type { Lab } from '../../lab/lab.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { createDatabase } from '../../test/support/database.ts'
import { dumpOptions } from '../../test/support/dump.ts'
import { atMost, renderTimes } from './aim.ts'
import { actionContender, shellContender } from './contenders.ts'
import { holdContest, ratio, type Section } from './contest.ts'
import { variables } from './dump-contest.ts'
import { type Network, startShapedProxy } from './shaped-proxy.ts'
import { startStoreProxy } from './store-proxy.ts'

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
  await using store = await startStoreProxy(lab, network)
  await using server = await startShapedProxy(lab.postgres, network)
  const url = new URL(database.url)
  url.port = String(server.port)
  const { env } = store
  const title = `Dump of three small tables, ${network.name} to database and store`
  console.log(title)
  const roundTrips = new Map<string, number>()
  const counted = ({ name, run }: ReturnType<typeof actionContender>) => ({
    name,
    run: async () => {
      const before = server.roundTrips()
      const sample = await run()
      roundTrips.set(name, server.roundTrips() - before)
      return sample
    },
  })
  const contenders = [
    shellContender(BARE, 'pg_dump --format=custom > /dev/null', { ...env, ...variables(url) }),
    actionContender(ACTION, () => dumpOptions(lab, { url: url.href }, bucket, { env })),
  ]
  const results = await holdContest(contenders.map(counted), rounds)
  return {
    title,
    about:
      'Nearly all of the time is waiting for answers. A round trip is one wait of one session for the database.',
    results,
    table: {
      head: ['', 'Round trips to the database'],
      rows: [...roundTrips].map(([name, count]) => [name, String(count)]),
    },
    aims: [
      atMost('dump-to-s3 / bare pg_dump', ratio(results, ACTION, BARE), 1.4, renderTimes),
      atMost('round trips to the database', roundTrips.get(ACTION) ?? Number.NaN, 110, String),
    ],
  }
}
