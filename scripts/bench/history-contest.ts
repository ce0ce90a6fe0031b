import type { Lab } from '../../lab/lab.ts'
import { renderCount } from '../../src/core/text/bytes.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { createDatabase } from '../../test/support/database.ts'
import { dumpOptions } from '../../test/support/dump.ts'
import type { ActionOptions } from '../../test/support/runner.ts'
import { atMost } from './aim.ts'
import { measureAction } from './contenders.ts'
import type { Sample, Section } from './contest.ts'
import { countLookUps, type LookUps } from './look-ups.ts'
import { addOlder, removeAll } from './older-documents.ts'
import type { Network } from './shaped-proxy.ts'
import { type StoreProxy, startStoreProxy } from './store-proxy.ts'
import { DATABASE } from './subject.ts'

const MOST_REQUESTS = 10
/** More than any action reads. */
const OLDER_RECORDS = 100
/** How long the bucket may be filled: a run of the bench has its limits too. */
const FILL_MS = 120_000

interface Task {
  readonly name: string
  readonly action: string
  readonly options: ActionOptions
}

interface Looked extends LookUps {
  readonly sample: Sample
}

/**
 * How often an action asks a far store for backups, with one manifest there and with many older ones: at most
 * that many, and fewer on a slow machine.
 */
export async function historyContest(lab: Lab, most: number, network: Network): Promise<Section> {
  await using database = await createDatabase(lab, 'CREATE TABLE t AS SELECT 1 AS x', 'bench')
  await using bucket = await createBucket(lab)
  await using store = await startStoreProxy(lab, network)
  console.log(`Up to ${renderCount(most)} older manifests`)
  const from = { 'database-url': database.url }
  const inputs = { destination: `s3://${bucket.name}/backups`, database: DATABASE }
  const { env } = store
  const gate = { ...from, ...inputs, migrations: 'always', 'verify-level': 'checksum' }
  const target = { 'target-url': database.url, mode: 'new-database', 'dry-run': 'true' }
  const tasks: readonly Task[] = [
    {
      name: 'dump-to-s3',
      action: 'dump-to-s3',
      options: dumpOptions(lab, database, bucket, { inputs: { database: DATABASE }, env }),
    },
    { name: 'verify-drill', action: 'verify-drill', options: { inputs, env } },
    {
      name: 'restore-from-s3, dry run',
      action: 'restore-from-s3',
      options: { inputs: { ...inputs, ...target }, env },
    },
    { name: 'check-freshness', action: 'check-freshness', options: { inputs, env } },
    {
      name: 'gate that reuses a backup',
      action: 'pre-migration-snapshot',
      options: { inputs: { ...gate, 'reuse-within': '10m' }, env },
    },
  ]
  const few = await lookAll(tasks, store)
  const keys = await addOlder(bucket, 'manifests', most, FILL_MS)
  console.log(`  added ${renderCount(keys.length)}`)
  for (const series of ['drills', 'gates'] as const) await addOlder(bucket, series, OLDER_RECORDS)
  const many = await lookAll(tasks, store)
  await removeAll(bucket, keys)
  const title = `${renderCount(keys.length)} older manifests of one database, ${network.name} to the store`
  return toSection(title, tasks, few, many)
}

async function lookAll(tasks: readonly Task[], store: StoreProxy): Promise<readonly Looked[]> {
  const looked: Looked[] = []
  for (const { name, action, options } of tasks) {
    const before = store.requests().length
    const { sample } = await measureAction(action, options)
    const counts = countLookUps(store.requests().slice(before))
    console.log(`  ${name}: ${sample.seconds.toFixed(1)} s, ${JSON.stringify(counts)}`)
    looked.push({ ...counts, sample })
  }
  return looked
}

function toSection(
  title: string,
  tasks: readonly Task[],
  few: readonly Looked[],
  many: readonly Looked[],
): Section {
  const both = (index: number, render: (looked: Looked) => string) =>
    [few[index], many[index]].map(looked => (looked === undefined ? '' : render(looked))).join(' → ')
  return {
    title,
    about: `Each cell has the figure with one manifest in the bucket, and the figure with all, and with ${OLDER_RECORDS} records each of drills and gates. Looking for backups means LIST and manifests that are read. Records and heads are for trends and estimates; they are asked for side by side.`,
    results: new Map(),
    table: {
      head: ['', 'LIST', 'Manifests read', 'Records and heads', 'Seconds'],
      rows: tasks.map(({ name }, index) => [
        name,
        both(index, ({ lists }) => String(lists)),
        both(index, ({ manifests }) => String(manifests)),
        both(index, ({ records }) => String(records)),
        both(index, ({ sample }) => sample.seconds.toFixed(1)),
      ]),
    },
    aims: tasks.map(({ name }, index) => {
      const { lists = Number.NaN, manifests = Number.NaN } = many[index] ?? {}
      return atMost(`requests that look for backups: ${name}`, lists + manifests, MOST_REQUESTS, String)
    }),
  }
}
