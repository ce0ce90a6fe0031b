import { MIB, renderBytes } from '../../src/core/text/bytes.ts'
import type { BenchKind } from '../../test/data/bench.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { type Aim, atMost, renderTimes } from './aim.ts'
import { actionContender, shellContender, uploaders } from './contenders.ts'
import { type Contender, holdContest, peakOf, type Results, ratio, type Section } from './contest.ts'
import { type Network, startShapedProxy } from './shaped-proxy.ts'
import { DATABASE, describeSubject, type Subject, subjectUrl } from './subject.ts'

const ACTION = 'dump-to-s3'
const BARE = 'pg_dump > /dev/null'
const BY_HAND = 'pg_dump | aws s3 cp'

/** dump-to-s3 against bare pg_dump and what a user would pick instead, over one network to the database. */
export async function dumpContest(subject: Subject, network: Network, rounds: number): Promise<Section> {
  const { lab, kind, bucket } = subject
  const url = new URL(await subjectUrl(subject))
  await using proxy = await startShapedProxy(lab.postgres, network)
  const isFar = network.roundTripMs > 0
  if (isFar) url.port = String(proxy.port)
  const env = { ...labEnvironment(lab), ...variables(url) }
  const byHand = [...uploaders(bucket, lab.s3.endpoint)].map(([name, upload]) =>
    shellContender(name, `pg_dump --format=custom --no-owner --no-acl | ${upload}`, env),
  )
  const options = dumpOptions(lab, { url: url.href }, bucket, { inputs: { database: DATABASE } })
  const contenders: readonly Contender[] = [
    shellContender(BARE, 'pg_dump --format=custom --compress=zstd:1 --verbose > /dev/null 2>&1', env),
    actionContender(ACTION, () => options),
    ...byHand,
  ]
  const title = `Dump of ${describeSubject(subject)}, ${network.name} to the database`
  console.log(title)
  const results = await holdContest(contenders, rounds)
  const about =
    'pg_dump compresses with zstd:1 here, as dump-to-s3 does by default. By hand it compresses with gzip, its own default.'
  return { title, about, results, aims: isFar ? [] : aims(kind, results) }
}

function aims(kind: BenchKind, results: Results): readonly Aim[] {
  const memory = atMost('peak memory of dump-to-s3', peakOf(results, ACTION), 250 * MIB, renderBytes)
  const bareLimit = kind === 'tables' ? 2 : 1.15
  const bare = atMost('dump-to-s3 / bare pg_dump', ratio(results, ACTION, BARE), bareLimit, renderTimes)
  if (kind !== 'logi' || !results.has(BY_HAND)) return [bare, memory]
  const hand = atMost(`dump-to-s3 / ${BY_HAND}`, ratio(results, ACTION, BY_HAND), 0.3, renderTimes)
  return [bare, hand, memory]
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
