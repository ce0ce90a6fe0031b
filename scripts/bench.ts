/**
 * Measures us against what a user would pick instead, near and far: `npm run bench -- [--only
 * dump|drill|tiny] [--size 1GiB] [--tables 20000] [--rounds 3] [--write]`. `--write` puts the figures into
 * docs/benchmarks.md; `--against <checkout>` compares with another build of ours instead. Debian's awscli,
 * and rclone where it is installed, have to be on the PATH for the comparison by hand.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { type Lab, labKeep } from '../lab/lab.ts'
import { MIB } from '../src/core/text/bytes.ts'
import { parseSize } from '../test/data/bench.ts'
import { checkoutContest } from './bench/checkout-contest.ts'
import type { Section } from './bench/contest.ts'
import { drillContest } from './bench/drill-contest.ts'
import { dumpContest } from './bench/dump-contest.ts'
import { isHeld, type Machine, renderReport } from './bench/report.ts'
import type { Network } from './bench/shaped-proxy.ts'
import { tinyContest } from './bench/tiny-contest.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    size: { type: 'string', default: '1GiB' },
    tables: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    against: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})

const LOOPBACK: Network = { name: 'loopback', roundTripMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY }
/** A hosted runner and a database, or a store, on another continent. */
const FAR: Network = { name: '100 ms, 10 MB/s a connection', roundTripMs: 100, bytesPerSecond: 10_000_000 }
/** What a table of test/data/bench.ts takes on disk. */
const BYTES_PER_TABLE = 43_000

const rounds = Number(values.rounds)
const size = parseSize(values.size)
const tables = Number(values.tables) * BYTES_PER_TABLE
const lab = await labKeep()

const CONTESTS: Readonly<Record<string, readonly (() => Promise<Section>)[]>> = {
  dump: [
    () => dumpContest(lab, 'logi', size, LOOPBACK, rounds),
    () => dumpContest(lab, 'entropy', size, LOOPBACK, rounds),
    () => dumpContest(lab, 'series', size, LOOPBACK, rounds),
    () => dumpContest(lab, 'tables', tables, LOOPBACK, rounds),
    () => dumpContest(lab, 'logi', Math.min(size, 256 * MIB), FAR, rounds),
  ],
  drill: [
    () => drillContest(lab, 'logi', size, { network: LOOPBACK, stage: 'recovery', rounds }),
    () => drillContest(lab, 'tables', tables, { network: LOOPBACK, stage: 'recovery', rounds: 1 }),
    () =>
      drillContest(lab, 'entropy', Math.min(size, 512 * MIB), { network: FAR, stage: 'download', rounds }),
  ],
  tiny: [() => tinyContest(lab, FAR, rounds)],
}

const sections: Section[] = []
if (values.against === '')
  for (const [name, contests] of Object.entries(CONTESTS))
    if (values.only === '' || values.only === name)
      for (const contest of contests) sections.push(await contest())
if (values.against !== '') sections.push(...(await checkoutContest(lab, size, values.against, rounds)))

const report = renderReport(sections, await describeMachine(lab))
console.log(report)
if (values.write) writeFileSync('docs/benchmarks.md', report)
if (sections.some(({ aims }) => aims.some(aim => !isHeld(aim)))) process.exitCode = 1

async function describeMachine({ postgres }: Lab): Promise<Machine> {
  const version = execFileSync(join(postgres.binDir, 'postgres'), ['--version'], { encoding: 'utf8' })
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memoryBytes: totalmem(),
    node: process.version.slice(1),
    postgres: version.trim().replace('postgres (PostgreSQL)', 'PostgreSQL'),
    measuredOn: new Date().toISOString().slice(0, 10),
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
  }
}
