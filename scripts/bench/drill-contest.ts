import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Lab } from '../../lab/lab.ts'
import { type DrillRecord, parseDrillRecord } from '../../src/core/drill/drill-record.ts'
import { connectionUrl, withDatabase } from '../../src/core/pg/connection.ts'
import { MIB, renderBytes } from '../../src/core/text/bytes.ts'
import { type Cluster, clusterDirectory, startCluster } from '../../src/postgres/scratch/cluster.ts'
import { openSession } from '../../src/postgres/session/session.ts'
import { type BenchKind, ensureBench } from '../../test/data/bench.ts'
import { createBucket, type TestBucket } from '../../test/support/bucket.ts'
import { databaseUrl } from '../../test/support/database.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { runAction } from '../../test/support/runner.ts'
import { isInstalled, runShell } from './contenders.ts'
import { type Contender, holdContest, ratio, type Sample, type Section } from './contest.ts'
import { type Network, startShapedProxy } from './shaped-proxy.ts'

const ACTION = 'verify-drill'
const BY_HAND = 'aws s3 cp, pg_restore --jobs 2'

/** What of a drill is held against the same by hand. */
type Stage = 'download' | 'recovery' | 'drill'

/**
 * verify-drill against `aws s3 cp` to disk and a bare pg_restore into a server with the same settings, over
 * one network to the store. At stage `recovery` its download and its restore count, at stage `drill` its
 * checks too.
 */
export async function drillContest(
  lab: Lab,
  kind: BenchKind,
  bytes: number,
  { network, stage, rounds }: { readonly network: Network; readonly stage: Stage; readonly rounds: number },
): Promise<Section> {
  const database = await ensureBench(lab, kind, bytes)
  await using bucket = await createBucket(lab)
  const from = { url: databaseUrl(lab, database) }
  const dumped = await runAction(
    'dump-to-s3',
    dumpOptions(lab, from, bucket, { inputs: { database: 'bench' } }),
  )
  if (dumped.exitCode !== 0) throw new Error(dumped.log)
  const endpoint = new URL(lab.s3.endpoint)
  await using proxy = await startShapedProxy(
    { host: endpoint.hostname, port: Number(endpoint.port) },
    network,
  )
  if (network.roundTripMs > 0) endpoint.port = String(proxy.port)
  const env = { ...labEnvironment(lab), AWS_ENDPOINT_URL_S3: endpoint.href.replace(/\/$/, '') }
  const contenders: readonly Contender[] = [
    { name: ACTION, run: () => drill(bucket, env, stage) },
    ...(isInstalled('aws') ? [{ name: BY_HAND, run: () => byHand(lab, bucket, env, stage) }] : []),
  ]
  const title = `${stage} of ${kind}, ${renderBytes(bytes)}, ${network.name}`
  console.log(title)
  const results = await holdContest(contenders, rounds)
  const limit = { download: 0.9, recovery: 1.1, drill: 1.5 }[stage]
  const times = (value: number) => `${value.toFixed(2)} ×`
  const peak = results.get(ACTION)?.peakBytes ?? Number.NaN
  return {
    title,
    results,
    aims: [
      ...(results.has(BY_HAND)
        ? [{ name: `${stage} / by hand`, value: ratio(results, ACTION, BY_HAND), limit, render: times }]
        : []),
      {
        name: 'peak memory of verify-drill',
        value: peak,
        limit: (kind === 'tables' ? 300 : 250) * MIB,
        render: renderBytes,
      },
    ],
  }
}

async function drill(
  bucket: TestBucket,
  env: Readonly<Record<string, string>>,
  stage: Stage,
): Promise<Sample> {
  const inputs = { destination: `s3://${bucket.name}/backups`, database: 'bench', jobs: '2' }
  const run = await runAction('verify-drill', { inputs, env })
  if (run.outputs.verdict !== 'pass') throw new Error(run.log)
  const key = (await bucket.list('backups/drills/')).at(-1) ?? ''
  const { durations } = parseDrillRecord((await bucket.read(key)).toString(), key)
  return { seconds: secondsOf(durations, stage), cpuSeconds: run.cpuSeconds, peakBytes: run.peakRssBytes }
}

function secondsOf({ downloadMs, restoreMs, totalMs }: DrillRecord['durations'], stage: Stage): number {
  if (stage === 'drill') return totalMs / 1000
  const download = (downloadMs ?? Number.NaN) / 1000
  return stage === 'download' ? download : download + (restoreMs ?? Number.NaN) / 1000
}

async function byHand(
  lab: Lab,
  bucket: TestBucket,
  env: Readonly<Record<string, string>>,
  stage: Stage,
): Promise<Sample> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-bench-'))
  try {
    const file = join(directory, 'archive.dump')
    const [archive = ''] = await bucket.list('backups/archives/')
    const copy = `aws s3 cp --only-show-errors --endpoint-url ${env.AWS_ENDPOINT_URL_S3} s3://${bucket.name}/${archive} '${file}'`
    const download = await runShell(copy, env)
    if (stage === 'download') return { seconds: download, cpuSeconds: null, peakBytes: null }
    await using cluster = await startServer(lab)
    const target = connectionUrl(await emptyDatabase(cluster)).reveal()
    const restore = `pg_restore --exit-on-error --no-owner --no-acl --jobs 2 --dbname '${target}' '${file}'`
    return { seconds: download + (await runShell(restore, env)), cpuSeconds: null, peakBytes: null }
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** The very server that a drill makes. */
async function startServer(lab: Lab): Promise<Cluster> {
  return startCluster({
    binDir: lab.postgres.binDir,
    major: 18,
    directory: await clusterDirectory(await mkdtemp(join(tmpdir(), 'pg-runbook-'))),
    jobs: 2,
    neededBytes: 0,
    variables: process.env,
    signal: new AbortController().signal,
    remember: () => undefined,
  })
}

async function emptyDatabase({ connection }: Cluster): Promise<Cluster['connection']> {
  await using session = await openSession(connection)
  await session.rows('CREATE DATABASE target TEMPLATE template0')
  return withDatabase(connection, 'target')
}
