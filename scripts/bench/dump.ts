/**
 * Measures dump-to-s3 against its two yardsticks, on the lab, in one run:
 *   bare     pg_dump with the same options to /dev/null
 *   action   the committed dist of dump-to-s3, default settings
 *   runbook  pg_dump --format=custom | aws s3 cp -   (runbook §6)
 * `node scripts/bench/dump.ts [--size 2GiB] [--rounds 3] [--aws /usr/bin/aws]`. Figures of a noisy machine: look at the
 * ratios. awscli comes from Debian: apt-get install awscli.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { type Lab, labKeep } from '../../lab/lab.ts'
import { MIB, renderBytes } from '../../src/core/text/bytes.ts'
import { ensureBench, parseSize } from '../../test/data/bench.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { databaseUrl } from '../../test/support/database.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { runAction } from '../../test/support/runner.ts'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '2GiB' },
    rounds: { type: 'string', default: '3' },
    aws: { type: 'string', default: 'aws' },
  },
})

const lab = await labKeep()
const database = await ensureBench(lab, 'logi', parseSize(values.size))
await using bucket = await createBucket(lab)
const env = { ...labEnvironment(lab), ...pgVariables(lab, database) }
const pgDump = join(lab.postgres.binDir, 'pg_dump')

const seconds: Record<'bare' | 'action' | 'runbook', number[]> = { bare: [], action: [], runbook: [] }
let peakRssBytes = 0
for (let round = 1; round <= Number(values.rounds); round += 1) {
  seconds.bare.push(await time(`'${pgDump}' --format=custom --compress=zstd:1 --verbose > /dev/null 2>&1`))
  seconds.action.push(await timeAction())
  const target = `s3://${bucket.name}/runbook-${round}.dump`
  const copy = `'${values.aws}' s3 cp --endpoint-url ${lab.s3.endpoint} - ${target} --storage-class STANDARD_IA`
  seconds.runbook.push(await time(`'${pgDump}' --format=custom --no-owner --no-acl | ${copy}`))
  console.log(
    `round ${round}: bare ${last('bare')} s, action ${last('action')} s, runbook ${last('runbook')} s`,
  )
}

const [bare, action, runbook] = [median(seconds.bare), median(seconds.action), median(seconds.runbook)]
console.log(`action / bare pg_dump: ${(action / bare).toFixed(2)} (at most 1.25)`)
console.log(`action / runbook: ${(action / runbook).toFixed(2)} (at most 0.33)`)
console.log(`peak memory of the action: ${renderBytes(peakRssBytes)} (at most 250 MiB)`)
if (action / bare > 1.25 || action / runbook > 1 / 3 || peakRssBytes > 250 * MIB) process.exitCode = 1

async function timeAction(): Promise<number> {
  const run = await runAction('dump-to-s3', dumpOptions(lab, { url: databaseUrl(lab, database) }, bucket))
  if (run.exitCode !== 0) throw new Error(run.log)
  peakRssBytes = Math.max(peakRssBytes, run.peakRssBytes)
  return run.durationMs / 1000
}

async function time(commandLine: string): Promise<number> {
  const startedAt = performance.now()
  const child = spawn('bash', ['-o', 'pipefail', '-c', commandLine], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [exitCode] = await once(child, 'close')
  if (exitCode !== 0) throw new Error(`${commandLine} ended with ${exitCode}`)
  return (performance.now() - startedAt) / 1000
}

function pgVariables({ postgres }: Lab, name: string): Record<string, string> {
  const { host, port, user, password } = postgres
  return { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password, PGDATABASE: name }
}

function last(name: keyof typeof seconds): string {
  return (seconds[name].at(-1) ?? Number.NaN).toFixed(1)
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}
