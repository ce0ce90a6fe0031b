import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import { quoteIdentifier } from '../../src/core/pg/quote.ts'
import { MIB, renderBytes } from '../../src/core/text/bytes.ts'
import { type BenchKind, ensureBench } from '../../test/data/bench.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { databaseUrl, withClient } from '../../test/support/database.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { runAction } from '../../test/support/runner.ts'
import { runShell } from './contenders.ts'
import { holdContest, ratio, type Sample, type Section } from './contest.ts'
import { variables } from './dump-contest.ts'

const ACTION = 'restore-from-s3'
const BARE = 'pg_restore --jobs 2'

/** restore-from-s3 into a new database against a bare pg_restore from a local file. */
export async function restoreContest(
  lab: Lab,
  kind: BenchKind,
  bytes: number,
  rounds: number,
): Promise<Section> {
  const database = await ensureBench(lab, kind, bytes)
  const url = databaseUrl(lab, database)
  await using bucket = await createBucket(lab)
  const dumped = await runAction(
    'dump-to-s3',
    dumpOptions(lab, { url }, bucket, { inputs: { database: 'bench' } }),
  )
  if (dumped.exitCode !== 0) throw new Error(dumped.log)
  const drop = async (name: string) => {
    const sql = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`
    await withClient(databaseUrl(lab, 'postgres'), client => client.query(sql))
  }
  const ours = async (): Promise<Sample> => {
    const inputs = { 'target-url': url, destination: `s3://${bucket.name}/backups`, database: 'bench' }
    const run = await runAction(ACTION, {
      inputs: { ...inputs, mode: 'new-database', 'new-database': 'bench_restored', jobs: '2' },
      env: labEnvironment(lab),
    })
    if (run.outputs.verdict !== 'pass') throw new Error(run.log)
    await drop('bench_restored')
    return { seconds: run.durationMs / 1000, cpuSeconds: run.cpuSeconds, peakBytes: run.peakRssBytes }
  }
  const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-bench-'))
  try {
    const file = join(directory, 'archive.dump')
    const [archive = ''] = await bucket.list('backups/archives/')
    await writeFile(file, await bucket.read(archive))
    const bare = async (): Promise<Sample> => {
      await drop('bench_bare')
      await withClient(databaseUrl(lab, 'postgres'), client => client.query('CREATE DATABASE bench_bare'))
      const target = new URL(databaseUrl(lab, 'bench_bare'))
      const command = `pg_restore --exit-on-error --no-owner --no-acl --jobs 2 --dbname bench_bare '${file}'`
      const seconds = await runShell(command, { ...labEnvironment(lab), ...variables(target) })
      await drop('bench_bare')
      return { seconds, cpuSeconds: null, peakBytes: null }
    }
    const title = `restore of ${kind}, ${renderBytes(bytes)}, loopback`
    console.log(title)
    const results = await holdContest(
      [
        { name: BARE, run: bare },
        { name: ACTION, run: ours },
      ],
      rounds,
    )
    return {
      title,
      results,
      aims: [
        {
          name: `${ACTION} / bare pg_restore`,
          value: ratio(results, ACTION, BARE),
          limit: 1.5,
          render: (value: number) => `${value.toFixed(2)} ×`,
        },
        {
          name: `peak memory of ${ACTION}`,
          value: results.get(ACTION)?.peakBytes ?? Number.NaN,
          limit: 300 * MIB,
          render: renderBytes,
        },
      ],
    }
  } finally {
    await rm(directory, { recursive: true })
  }
}
