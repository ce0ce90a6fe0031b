import type { Lab } from '../../lab/lab.ts'
import { MIB, renderBytes, renderCount } from '../../src/core/text/bytes.ts'
import { BYTES_PER_TABLE } from '../../test/data/bench.ts'
import { createBucket, type TestBucket } from '../../test/support/bucket.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import { atMost } from './aim.ts'
import { measureAction } from './contenders.ts'
import type { Sample, Section } from './contest.ts'
import { drill, drillContest } from './drill-contest.ts'
import { dumpContest } from './dump-contest.ts'
import { restore, restoreContest } from './restore-contest.ts'
import { LOOPBACK } from './shaped-proxy.ts'
import { DATABASE, type Subject, subjectUrl } from './subject.ts'

/** What README.md promises. */
const MOST_BYTES_PER_TABLE = 10_000
/** What GitHub shows of a job summary. */
const LONGEST_SUMMARY = MIB

const ACTIONS = ['dump-to-s3', 'verify-drill', 'restore-from-s3'] as const
type Action = (typeof ACTIONS)[number]
/** One run of each. */
type Runs = Readonly<Record<Action, Sample | undefined>>

/** Dump, drill and restore of many tables, one round each, and what of them grows with the tables. */
export async function tablesContest(lab: Lab, tables: number): Promise<readonly Section[]> {
  await using bucket = await createBucket(lab)
  const subject: Subject = { lab, kind: 'tables', bytes: tables * BYTES_PER_TABLE, bucket }
  const sections = [
    await dumpContest(subject, LOOPBACK, 1),
    await drillContest(subject, { network: LOOPBACK, stage: 'drill', rounds: 1 }),
    await restoreContest(subject, 1),
  ]
  const of = (action: Action) => sections.flatMap(({ results }) => results.get(action) ?? [])[0]
  const many: Runs = {
    'dump-to-s3': of('dump-to-s3'),
    'verify-drill': of('verify-drill'),
    'restore-from-s3': of('restore-from-s3'),
  }
  const fewer = Math.round(tables / 10)
  const few = await runEach(lab, fewer)
  return [...sections, memorySection(few, fewer, many, tables), await documentsSection(bucket, many, tables)]
}

async function runEach(lab: Lab, tables: number): Promise<Runs> {
  console.log(`Memory of ${renderCount(tables)} small tables`)
  await using bucket = await createBucket(lab)
  const subject: Subject = { lab, kind: 'tables', bytes: tables * BYTES_PER_TABLE, bucket }
  const from = { url: await subjectUrl(subject) }
  const options = dumpOptions(lab, from, bucket, { inputs: { database: DATABASE } })
  return {
    'dump-to-s3': (await measureAction('dump-to-s3', options)).sample,
    'verify-drill': await drill(bucket, labEnvironment(lab), 'drill'),
    'restore-from-s3': await restore(subject),
  }
}

function memorySection(few: Runs, fewer: number, many: Runs, tables: number): Section {
  const peak = (runs: Runs, action: Action) => runs[action]?.peakBytes ?? Number.NaN
  const perTable = (action: Action) => (peak(many, action) - peak(few, action)) / (tables - fewer)
  return {
    title: 'Memory per table, loopback',
    about: 'Peak memory of our process, from one run each. A table is the difference, divided by the tables.',
    results: new Map(),
    table: {
      head: ['', `${renderCount(fewer)} tables`, `${renderCount(tables)} tables`],
      rows: ACTIONS.map(action => [action, renderBytes(peak(few, action)), renderBytes(peak(many, action))]),
    },
    aims: ACTIONS.map(action =>
      atMost(`memory of ${action} for a table`, perTable(action), MOST_BYTES_PER_TABLE, renderKilobytes),
    ),
  }
}

async function documentsSection(bucket: TestBucket, many: Runs, tables: number): Promise<Section> {
  const sizeOf = async (series: string) => {
    const newest = (await bucket.list(`backups/${series}/`)).at(-1)
    return newest === undefined ? Number.NaN : (await bucket.read(newest)).length
  }
  const documents = [
    ['manifest', await sizeOf('manifests')],
    ['drill record', await sizeOf('drills')],
    ['restore record', await sizeOf('restores')],
  ] as const
  const summaries = ACTIONS.map(
    action => [`summary of ${action}`, many[action]?.summaryBytes ?? Number.NaN] as const,
  )
  return {
    title: `Documents of ${renderCount(tables)} small tables`,
    about: 'What the dump, the drill and the restore above wrote. GitHub drops a summary over 1 MiB.',
    results: new Map(),
    table: {
      head: ['', 'Size', 'Per table'],
      rows: [...documents, ...summaries].map(([name, bytes]) => [
        name,
        renderBytes(bytes),
        renderBytes(bytes / tables),
      ]),
    },
    aims: summaries.map(([name, bytes]) => atMost(name, bytes, LONGEST_SUMMARY, renderBytes)),
  }
}

/** `8.2 KB`, in thousands, as README.md has it. */
function renderKilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`
}
