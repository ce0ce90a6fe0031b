/**
 * Measures us against what a user would pick instead, near and far: `npm run bench -- [--only <group>]
 * [--size 1GiB] [--tables 20000] [--manifests 50000] [--rounds 3] [--write]`. `--write` puts the figures into
 * docs/benchmarks.md; `--against <checkout>` compares with another build of ours instead. Debian's awscli,
 * and rclone where it is installed, have to be on the PATH for the comparison by hand.
 */
import { execFileSync } from 'node:child_process'
import { statfsSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { type Lab, labKeep } from '../lab/lab.ts'
import { MIB } from '../src/core/text/bytes.ts'
import { type BenchKind, parseSize } from '../test/data/bench.ts'
import { createBucket } from '../test/support/bucket.ts'
import { checkoutContest } from './bench/checkout-contest.ts'
import { isInstalled } from './bench/contenders.ts'
import type { Section } from './bench/contest.ts'
import { drillContest } from './bench/drill-contest.ts'
import { dumpContest } from './bench/dump-contest.ts'
import { growthContest } from './bench/growth-contest.ts'
import { historyContest } from './bench/history-contest.ts'
import { planContest } from './bench/plan-contest.ts'
import { type Group, type Machine, renderReport } from './bench/report.ts'
import { FAR, LOOPBACK } from './bench/shaped-proxy.ts'
import type { Subject } from './bench/subject.ts'
import { tablesContest } from './bench/tables-contest.ts'
import { tinyContest } from './bench/tiny-contest.ts'
import { trendContest } from './bench/trend-contest.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    size: { type: 'string', default: '1GiB' },
    tables: { type: 'string', default: '20000' },
    manifests: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '3' },
    against: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})

interface Contests {
  readonly about: string
  readonly contests: readonly (() => Promise<Section | readonly Section[]>)[]
}

const startedAt = performance.now()
const rounds = Number(values.rounds)
const size = parseSize(values.size)
const tables = Number(values.tables)
/** Large enough for a ratio, small enough for a run of half an hour at most. */
const half = size / 2
const quarter = size / 4
const fewerRounds = Math.min(rounds, 2)
const lab = await labKeep()

const GROUPS: Readonly<Record<string, Contests>> = {
  dump: {
    about: 'A dump of three kinds of data, next to bare pg_dump and to pg_dump piped into an uploader',
    contests: [
      () => about('logi', size, subject => dumpContest(subject, LOOPBACK, rounds)),
      () => about('entropy', quarter, subject => dumpContest(subject, LOOPBACK, fewerRounds)),
      () => about('series', quarter, subject => dumpContest(subject, LOOPBACK, fewerRounds)),
      () => about('logi', Math.min(size, 64 * MIB), subject => dumpContest(subject, FAR, 1)),
    ],
  },
  drill: {
    about: 'A drill next to `aws s3 cp` and pg_restore: its recovery, and its download over a far network',
    contests: [
      () =>
        about('logi', size, subject =>
          drillContest(subject, { network: LOOPBACK, stage: 'recovery', rounds: fewerRounds }),
        ),
      () =>
        about('entropy', Math.min(half, 512 * MIB), subject =>
          drillContest(subject, { network: FAR, stage: 'download', rounds: fewerRounds }),
        ),
    ],
  },
  tables: {
    about: 'Many small tables: dump, drill, restore, memory, documents, growth and the trend',
    contests: [
      () => tablesContest(lab, tables),
      () => growthContest(lab, Math.round(tables / 10), rounds),
      () => trendContest(lab, Math.round(tables / 10) * 4),
    ],
  },
  tiny: {
    about: 'Three small tables far away, where only the number of round trips counts',
    contests: [() => tinyContest(lab, FAR, rounds)],
  },
  history: {
    about: 'A store with years of backups: how often an action asks for them',
    contests: [() => historyContest(lab, Number(values.manifests), FAR)],
  },
  plan: {
    about: 'Archives up to 5 TiB, as the upload plans them',
    contests: [async () => planContest()],
  },
}

const groups = values.against === '' ? await runGroups() : [await runAgainst(values.against)]
const report = renderReport(groups, await describeMachine(lab))
console.log(report)
console.log(`Took ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes.`)
if (values.write) writeFileSync('docs/benchmarks.md', report)
const aims = groups.flatMap(({ sections }) => sections).flatMap(section => section.aims)
if (aims.some(({ isHeld }) => !isHeld)) process.exitCode = 1

async function runGroups(): Promise<readonly Group[]> {
  const names = Object.keys(GROUPS).filter(name => values.only === '' || values.only === name)
  if (names.length === 0) throw new RangeError(`--only has to be one of ${Object.keys(GROUPS).join(', ')}`)
  const done: Group[] = []
  for (const name of names) {
    const { about, contests } = GROUPS[name] ?? { about: '', contests: [] }
    const sections: Section[] = []
    for (const contest of contests) sections.push(...[await contest()].flat())
    done.push({ name, about, sections })
  }
  return done
}

async function runAgainst(checkout: string): Promise<Group> {
  const sections = await checkoutContest(lab, size, checkout, rounds)
  return { name: 'against', about: 'Two builds of ours', sections }
}

/** A contest about one database, with a bucket for its backups. */
async function about(
  kind: BenchKind,
  bytes: number,
  contest: (subject: Subject) => Promise<Section>,
): Promise<Section> {
  await using bucket = await createBucket(lab)
  return await contest({ lab, kind, bytes, bucket })
}

async function describeMachine({ postgres }: Lab): Promise<Machine> {
  const versionOf = (program: string, ...args: readonly string[]) =>
    execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0] ?? ''
  const server = versionOf(join(postgres.binDir, 'postgres'), '--version')
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memoryBytes: totalmem(),
    versions: [
      `Node ${process.version.slice(1)}`,
      server.replace('postgres (PostgreSQL)', 'PostgreSQL'),
      ...(isInstalled('aws') ? [versionOf('aws', '--version').split(' ')[0] ?? ''] : ['no awscli']),
      ...(isInstalled('rclone') ? [versionOf('rclone', 'version')] : ['no rclone']),
      ...(isInMemory(process.env.PG_RUNBOOK_LAB_DIR ?? tmpdir()) ? ['data in memory'] : []),
    ],
    measuredOn: new Date().toISOString().slice(0, 10),
    command: ['npm run bench --', ...process.argv.slice(2)].join(' '),
  }
}

/** On a tmpfs (TMPFS_MAGIC in linux/magic.h). */
function isInMemory(directory: string): boolean {
  return statfsSync(directory).type === 0x01021994
}
