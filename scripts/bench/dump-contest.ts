import type { Lab } from '../../lab/lab.ts'
import { MIB, renderBytes } from '../../src/core/text/bytes.ts'
import { type BenchKind, ensureBench } from '../../test/data/bench.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { databaseUrl } from '../../test/support/database.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { actionContender, shellContender, uploaders } from './contenders.ts'
import { type Aim, type Contender, holdContest, type Results, ratio, type Section } from './contest.ts'
import { type Network, startShapedProxy } from './shaped-proxy.ts'

const ACTION = 'dump-to-s3'
const BARE = 'pg_dump > /dev/null'
const BY_HAND = 'pg_dump | aws s3 cp'

/** dump-to-s3 against bare pg_dump and what a user would pick instead, over one network to the database. */
export async function dumpContest(
  lab: Lab,
  kind: BenchKind,
  bytes: number,
  network: Network,
  rounds: number,
): Promise<Section> {
  const database = await ensureBench(lab, kind, bytes)
  await using bucket = await createBucket(lab)
  await using proxy = await startShapedProxy(lab.postgres, network)
  const near = new URL(databaseUrl(lab, database))
  const url = new URL(near)
  if (network.roundTripMs > 0) url.port = String(proxy.port)
  const env = { ...labEnvironment(lab), ...variables(url) }
  const byHand = [...uploaders(bucket, lab.s3.endpoint)].map(([name, upload]) =>
    shellContender(name, `pg_dump --format=custom --no-owner --no-acl | ${upload}`, env),
  )
  const contenders: readonly Contender[] = [
    shellContender(BARE, 'pg_dump --format=custom --compress=zstd:1 --verbose > /dev/null 2>&1', env),
    actionContender(ACTION, () => dumpOptions(lab, { url: url.href }, bucket)),
    ...byHand,
  ]
  const title = `dump of ${kind}, ${renderBytes(bytes)}, ${network.name}`
  console.log(title)
  const results = await holdContest(contenders, rounds)
  return { title, results, aims: network.roundTripMs > 0 ? [] : aims(kind, results) }
}

function aims(kind: BenchKind, results: Results): readonly Aim[] {
  const times = (value: number) => `${value.toFixed(2)} ×`
  const memory = {
    name: 'peak memory of dump-to-s3',
    value: results.get(ACTION)?.peakBytes ?? Number.NaN,
    limit: 250 * MIB,
    render: renderBytes,
  }
  const bare = { name: 'dump-to-s3 / bare pg_dump', value: ratio(results, ACTION, BARE), render: times }
  if (kind === 'tables') return [{ ...bare, limit: 2 }, memory]
  const hand = {
    name: 'dump-to-s3 / pg_dump | aws s3 cp',
    value: ratio(results, ACTION, BY_HAND),
    render: times,
  }
  const isMeasured = results.has(BY_HAND) && kind === 'logi'
  return [{ ...bare, limit: 1.15 }, ...(isMeasured ? [{ ...hand, limit: 0.3 }] : []), memory]
}

/** A connection as libpq's variables. */
export function variables(url: URL): Record<string, string> {
  return {
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
  }
}
