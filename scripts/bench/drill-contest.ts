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
import type { TestBucket } from '../../test/support/bucket.ts'
import { atMost, renderTimes } from './aim.ts'
import { isInstalled, measureAction, runShell } from './contenders.ts'
import {
  type Contender,
  holdContest,
  otherSample,
  peakOf,
  ratio,
  type Sample,
  type Section,
} from './contest.ts'
import type { Network } from './shaped-proxy.ts'
import { startStoreProxy } from './store-proxy.ts'
import { DATABASE, describeSubject, ensureArchive, type Subject } from './subject.ts'

const ACTION = 'verify-drill'
const DOWNLOAD = 'aws s3 cp'
const RESTORE = 'pg_restore --jobs 2'

/** What of a drill is held against the same by hand. */
type Stage = 'download' | 'recovery' | 'drill'

const STAGES: Readonly<Record<Stage, { limit: number; name: string; about: string }>> = {
  download: { limit: 0.9, name: 'Download', about: 'Seconds are those of the download.' },
  recovery: {
    limit: 1.1,
    name: 'Recovery',
    about: 'Seconds are those of the download and the restore, without the checks.',
  },
  drill: { limit: 1.5, name: 'Drill', about: 'Seconds of the drill include its checks.' },
}

interface DrillTerms {
  readonly network: Network
  readonly stage: Stage
  readonly rounds: number
}

/**
 * verify-drill against `aws s3 cp` to disk and a bare pg_restore into a server with the same settings, over
 * one network to the store. At stage `recovery` its download and its restore count, at stage `drill` its
 * checks too.
 */
export async function drillContest(
  subject: Subject,
  { network, stage, rounds }: DrillTerms,
): Promise<Section> {
  const { lab, bucket } = subject
  const uri = `s3://${bucket.name}/${await ensureArchive(subject)}`
  await using store = await startStoreProxy(lab, network)
  // Loopback needs no proxy, which would take processor time from both.
  const endpoint = network.roundTripMs > 0 ? store.env.AWS_ENDPOINT_URL_S3 : lab.s3.endpoint
  const env = { ...store.env, AWS_ENDPOINT_URL_S3: endpoint ?? '' }
  const hand = stage === 'download' ? DOWNLOAD : `${DOWNLOAD}, ${RESTORE}`
  const contenders: readonly Contender[] = [
    { name: ACTION, run: () => drill(bucket, env, stage) },
    ...(isInstalled('aws') ? [{ name: hand, run: () => byHand(lab, uri, env, stage) }] : []),
  ]
  const { limit, name, about } = STAGES[stage]
  const title = `${name} of ${describeSubject(subject)}, ${network.name} to the store`
  console.log(title)
  const results = await holdContest(contenders, rounds)
  const memory = (subject.kind === 'tables' ? 300 : 250) * MIB
  return {
    title,
    about: `verify-drill against the same by hand, into a server with the same settings. ${about}`,
    results,
    aims: [
      ...(results.has(hand)
        ? [atMost(`${ACTION} / ${hand}`, ratio(results, ACTION, hand), limit, renderTimes)]
        : []),
      atMost(`peak memory of ${ACTION}`, peakOf(results, ACTION), memory, renderBytes),
    ],
  }
}

/** A drill of the newest backup, with the seconds of that stage. */
export async function drill(
  bucket: TestBucket,
  env: Readonly<Record<string, string>>,
  stage: Stage,
): Promise<Sample> {
  const inputs = { destination: `s3://${bucket.name}/backups`, database: DATABASE, jobs: '2' }
  const { run, sample } = await measureAction(ACTION, { inputs, env })
  if (run.outputs.verdict !== 'pass') throw new Error(run.log)
  const key = (await bucket.list('backups/drills/')).at(-1) ?? ''
  const { durations } = parseDrillRecord((await bucket.read(key)).toString(), key)
  return { ...sample, seconds: secondsOf(durations, stage) }
}

function secondsOf({ downloadMs, restoreMs, totalMs }: DrillRecord['durations'], stage: Stage): number {
  if (stage === 'drill') return totalMs / 1000
  const download = (downloadMs ?? Number.NaN) / 1000
  return stage === 'download' ? download : download + (restoreMs ?? Number.NaN) / 1000
}

async function byHand(
  lab: Lab,
  uri: string,
  env: Readonly<Record<string, string>>,
  stage: Stage,
): Promise<Sample> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-bench-'))
  try {
    const file = join(directory, 'archive.dump')
    const copy = `aws s3 cp --only-show-errors --endpoint-url ${env.AWS_ENDPOINT_URL_S3} ${uri} '${file}'`
    const download = await runShell(copy, env)
    if (stage === 'download') return otherSample(download)
    await using cluster = await startServer(lab)
    const target = connectionUrl(await emptyDatabase(cluster)).reveal()
    const command = `pg_restore --exit-on-error --no-owner --no-acl --jobs 2 --dbname '${target}' '${file}'`
    const restore = await runShell(command, env)
    return otherSample(download + restore, [
      { name: DOWNLOAD, seconds: download },
      { name: RESTORE, seconds: restore },
    ])
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
