import type { Lab } from '../../lab/lab.ts'
import { TREND_LENGTH } from '../../src/core/summary/trend.ts'
import { KIB, renderBytes, renderCount } from '../../src/core/text/bytes.ts'
import { BYTES_PER_TABLE } from '../../test/data/bench.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { dumpOptions } from '../../test/support/dump.ts'
import { atMost } from './aim.ts'
import { measureAction } from './contenders.ts'
import type { Section } from './contest.ts'
import { addOlder } from './older-documents.ts'
import { LOOPBACK } from './shaped-proxy.ts'
import { startStoreProxy } from './store-proxy.ts'
import { DATABASE, subjectUrl } from './subject.ts'

/** With the first backup, as many as a trend asks for. */
const OLDER = TREND_LENGTH - 1
/** S3 allows 2 KB of metadata an object. */
const MOST_BYTES = TREND_LENGTH * 2 * KIB

/** What the trend of a dump's summary reads from the store, where manifests are long. */
export async function trendContest(lab: Lab, tables: number): Promise<Section> {
  await using bucket = await createBucket(lab)
  await using store = await startStoreProxy(lab, LOOPBACK)
  const url = await subjectUrl({ lab, kind: 'tables', bytes: tables * BYTES_PER_TABLE, bucket })
  const title = `Trend of the summary at ${renderCount(tables)} small tables`
  console.log(title)
  const options = dumpOptions(lab, { url }, bucket, { inputs: { database: DATABASE }, env: store.env })
  const dump = async () => {
    const before = store.receivedBytes()
    const { sample } = await measureAction('dump-to-s3', options)
    return { read: store.receivedBytes() - before, peakBytes: sample.peakBytes ?? Number.NaN }
  }
  const without = await dump()
  const [manifest = ''] = await bucket.list('backups/manifests/')
  await addOlder(bucket, 'manifests', OLDER)
  const within = await dump()
  return {
    title,
    about: `A manifest of this database has ${renderBytes((await bucket.read(manifest)).length)}. The bytes are all that the store sent during one dump, headers included.`,
    results: new Map(),
    table: {
      head: ['', 'Read from the store', 'Peak memory of dump-to-s3'],
      rows: [
        ['first backup, no trend', renderBytes(without.read), renderBytes(without.peakBytes)],
        [`with ${OLDER + 1} older backups`, renderBytes(within.read), renderBytes(within.peakBytes)],
      ],
    },
    aims: [atMost('bytes that the trend reads', within.read - without.read, MOST_BYTES, renderBytes)],
  }
}
