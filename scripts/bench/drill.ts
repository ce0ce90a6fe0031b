/**
 * Measures how long verify-drill takes to download and restore, on the lab, in one run, against what an operator would
 * do by hand on the same machine: `aws s3 cp` to disk, then a bare `pg_restore --jobs` with as many jobs, into a server with the
 * same settings. Rounds alternate, so give an even number. `node scripts/bench/drill.ts [--size 2GiB] [--rounds 4] [--jobs 2] [--aws /usr/bin/aws]`.
 * Figures of a noisy machine: look at the ratios, and at the CPU time, which others disturb least. awscli comes from Debian: apt-get install awscli.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { labKeep } from '../../lab/lab.ts'
import { parseDrillRecord } from '../../src/core/drill/drill-record.ts'
import { connectionUrl, withDatabase } from '../../src/core/pg/connection.ts'
import { MIB, renderBytes } from '../../src/core/text/bytes.ts'
import { type Cluster, clusterDirectory, startCluster } from '../../src/postgres/scratch/cluster.ts'
import { openSession } from '../../src/postgres/session/session.ts'
import { ensureBench, parseSize } from '../../test/data/bench.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { databaseUrl } from '../../test/support/database.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { runAction, type StartedAction, startAction } from '../../test/support/runner.ts'
import { measure } from './measured-command.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '2GiB' },
    rounds: { type: 'string', default: '4' },
    jobs: { type: 'string', default: '2' },
    aws: { type: 'string', default: 'aws' },
  },
})

/** Seconds; CPU seconds are those of all programs that take part, the scratch server's too, but not the store's. */
interface Stages {
  readonly download: number
  readonly restore: number
  readonly cpu: number
}

/** Clock ticks a second of /proc: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100

const lab = await labKeep()
const database = await ensureBench(lab, 'logi', parseSize(values.size))
await using bucket = await createBucket(lab)
const dumped = await runAction(
  'dump-to-s3',
  dumpOptions(lab, { url: databaseUrl(lab, database) }, bucket, { inputs: { database: 'logi' } }),
)
if (dumped.exitCode !== 0) throw new Error(dumped.log)
const [archive = ''] = await bucket.list('backups/archives/')

const rounds: Record<'action' | 'byHand', Stages[]> = { action: [], byHand: [] }
/** Longer than any stage. */
const LONG_MS = 60 * 60_000
let peakRssBytes = 0
for (let round = 1; round <= Number(values.rounds); round += 1) {
  // The order changes, so that a machine that gets slower or faster does not favour one of them.
  const measured = [() => drill(), () => restoreByHand()]
  for (const next of round % 2 === 0 ? measured.toReversed() : measured) await next()
  console.log(`round ${round}: action ${last(rounds.action)}, by hand ${last(rounds.byHand)}`)
}

const ratio = median(rounds.action) / median(rounds.byHand)
console.log(`archive: ${renderBytes((await bucket.read(archive)).length)}, ${values.jobs} jobs`)
console.log(`action / by hand, medians: ${ratio.toFixed(2)} (at most 1.10)`)
console.log(
  `action / by hand, CPU of the best rounds: ${(leastCpu(rounds.action) / leastCpu(rounds.byHand)).toFixed(2)}`,
)
console.log(`action / by hand, best rounds: ${(best(rounds.action) / best(rounds.byHand)).toFixed(2)}`)
console.log(`peak memory of the action: ${renderBytes(peakRssBytes)} (at most 250 MiB)`)
if (ratio > 1.1 || peakRssBytes > 250 * MIB) process.exitCode = 1

async function drill(): Promise<void> {
  const action = startAction('verify-drill', {
    inputs: { destination: `s3://${bucket.name}/backups`, database: 'logi', jobs: values.jobs },
    env: labEnvironment(lab),
  })
  const cpu = cpuUntilRestored(action)
  const run = await action.finished
  if (run.outputs.verdict !== 'pass') throw new Error(run.log)
  const key = (await bucket.list('backups/drills/')).at(-1) ?? ''
  const { durations } = parseDrillRecord((await bucket.read(key)).toString(), key)
  rounds.action.push({
    download: (durations.downloadMs ?? Number.NaN) / 1000,
    restore: (durations.restoreMs ?? Number.NaN) / 1000,
    cpu: await cpu,
  })
  peakRssBytes = Math.max(peakRssBytes, run.peakRssBytes)
}

/** Of finding and downloading, and of restoring; not of making the server. */
async function cpuUntilRestored(action: StartedAction): Promise<number> {
  await action.waitForLog(/##\[group\]Prepare/, LONG_MS)
  const before = cpuSeconds(action.pid)
  await action.waitForLog(/##\[group\]Restore/, LONG_MS)
  const starting = cpuSeconds(action.pid)
  await action.waitForLog(/^Restored in/m, LONG_MS)
  return before + cpuSeconds(action.pid) - starting
}

/** Of a process and all its descendants, those that ended too. */
function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    const own = sum(fields.slice(11, 15).map(Number)) / TICKS
    return own + sum(children.filter(child => child !== '').map(child => cpuSeconds(Number(child))))
  } catch {
    // It ended this moment, and its parent has it all.
    return 0
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

async function restoreByHand(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-bench-'))
  try {
    const file = join(directory, 'archive.dump')
    const env = labEnvironment(lab)
    const copy = `'${values.aws}' s3 cp --endpoint-url ${lab.s3.endpoint} s3://${bucket.name}/${archive} '${file}'`
    const download = await measure(`${copy} > /dev/null`, env)
    let server = 0
    await using cluster = await startServer(pid => {
      server = pid
    })
    const target = connectionUrl(await emptyDatabase(cluster)).reveal()
    const starting = cpuSeconds(server)
    const restore = await measure(
      `'${join(lab.postgres.binDir, 'pg_restore')}' --exit-on-error --no-owner --no-acl --jobs ${values.jobs} --dbname '${target}' '${file}'`,
      env,
    )
    const cpu = download.cpuSeconds + restore.cpuSeconds + cpuSeconds(server) - starting
    rounds.byHand.push({ download: download.seconds, restore: restore.seconds, cpu })
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** The very server that a drill makes. */
async function startServer(tell: (pid: number) => void): Promise<Cluster> {
  return startCluster({
    binDir: lab.postgres.binDir,
    major: 18,
    directory: await clusterDirectory(await mkdtemp(join(tmpdir(), 'pg-runbook-'))),
    jobs: Number(values.jobs),
    neededBytes: 0,
    variables: process.env,
    signal: new AbortController().signal,
    remember: ({ pid }) => tell(pid ?? 0),
  })
}

async function emptyDatabase({ connection }: Cluster): Promise<Cluster['connection']> {
  await using session = await openSession(connection)
  await session.rows('CREATE DATABASE target TEMPLATE template0')
  return withDatabase(connection, 'target')
}

function last(stages: readonly Stages[]): string {
  const { download = Number.NaN, restore = Number.NaN, cpu = Number.NaN } = stages.at(-1) ?? {}
  const seconds = [download, restore, download + restore, cpu].map(n => n.toFixed(1))
  return `${seconds[0]} + ${seconds[1]} = ${seconds[2]} s (CPU ${seconds[3]} s)`
}

/** The mean of the two in the middle where there is none: rounds come in pairs. */
function median(stages: readonly Stages[]): number {
  const sorted = sums(stages)
  const at = (index: number) => sorted[Math.floor(index)] ?? Number.NaN
  return (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2
}

function best(stages: readonly Stages[]): number {
  return sums(stages)[0] ?? Number.NaN
}

function sums(stages: readonly Stages[]): readonly number[] {
  return stages.map(({ download, restore }) => download + restore).toSorted((a, b) => a - b)
}

/** What a busy machine disturbs least. */
function leastCpu(stages: readonly Stages[]): number {
  return Math.min(...stages.map(({ cpu }) => cpu))
}
