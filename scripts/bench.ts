/**
 * Measures us against what a user would pick instead, near and far: `npm run bench -- [--only
 * dump|drill|tables|tiny] [--size 1GiB] [--tables 20000] [--rounds 3] [--write]`. `--write` puts the figures
 * into docs/benchmarks.md; `--against <checkout>` compares with another build of ours instead. Debian's
 * awscli, and rclone where it is installed, have to be on the PATH for the comparison by hand.
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
import { growthContest } from './bench/growth-contest.ts'
import { historyContest } from './bench/history-contest.ts'
import { isHeld, type Machine, renderReport } from './bench/report.ts'
import { restoreContest } from './bench/restore-contest.ts'
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
/** Large enough for a ratio, small enough for a run of 20 minutes. */
const half = size / 2
const lab = await labKeep()

const CONTESTS: Readonly<Record<string, readonly (() => Promise<Section>)[]>> = {
  dump: [
    () => dumpContest(lab, 'logi', size, LOOPBACK, rounds),
    () => dumpContest(lab, 'entropy', half, LOOPBACK, rounds),
    () => dumpContest(lab, 'series', half, LOOPBACK, rounds),
    () => dumpContest(lab, 'logi', Math.min(size, 128 * MIB), FAR, 1),
  ],
  drill: [
    () => drillContest(lab, 'logi', size, { network: LOOPBACK, stage: 'recovery', rounds }),
    () =>
      drillContest(lab, 'entropy', Math.min(half, 512 * MIB), { network: FAR, stage: 'download', rounds }),
  ],
  tables: [
    () => dumpContest(lab, 'tables', tables, LOOPBACK, 1),
    () => drillContest(lab, 'tables', tables, { network: LOOPBACK, stage: 'drill', rounds: 1 }),
    () => restoreContest(lab, 'tables', tables, 1),
    () => growthContest(lab, Math.round(Number(values.tables) / 10), BYTES_PER_TABLE, 1),
  ],
  tiny: [() => tinyContest(lab, FAR, rounds), () => historyContest(lab, 3000, FAR)],
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
