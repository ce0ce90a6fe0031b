import type { Lab } from '../../lab/lab.ts'
import { MIB, renderBytes } from '../../src/core/text/bytes.ts'
import { ensureBench } from '../../test/data/bench.ts'
import { createBucket, type TestBucket } from '../../test/support/bucket.ts'
import { databaseUrl, withClient } from '../../test/support/database.ts'
import { dumpOptions, labEnvironment } from '../../test/support/dump.ts'
import type { ActionOptions } from '../../test/support/runner.ts'
import { atMost, renderTimes } from './aim.ts'
import { actionContender } from './contenders.ts'
import { holdContest, peakOf, ratio, type Section } from './contest.ts'
import { describeSubject } from './subject.ts'

const HERE = 'this checkout'
const THERE = 'the other'
/** What the noise of two shared cores makes of two equal builds. */
const NOISE = 1.1

/**
 * Dump, drill and restore of this checkout against those of another one, each with backups of its own.
 * `root` is a built checkout.
 */
export async function checkoutContest(
  lab: Lab,
  bytes: number,
  root: string,
  rounds: number,
): Promise<readonly Section[]> {
  const url = databaseUrl(lab, await ensureBench(lab, 'logi', bytes))
  await using here = await createBucket(lab)
  await using there = await createBucket(lab)
  const sections: Section[] = []
  for (const action of ['dump-to-s3', 'verify-drill', 'restore-from-s3']) {
    const contender = (name: string, bucket: TestBucket, from: string) => ({
      ...actionContender(action, () => ({ ...optionsOf(action, lab, url, bucket), root: from })),
      name,
    })
    const title = `${action} of ${describeSubject({ kind: 'logi', bytes })}, against another checkout`
    console.log(title)
    const results = await holdContest([contender(HERE, here, '.'), contender(THERE, there, root)], rounds)
    sections.push({
      title,
      about: 'The same action, as two checkouts have built it, each with backups of its own.',
      results,
      aims: [
        atMost(`${HERE} / ${THERE}`, ratio(results, HERE, THERE), NOISE, renderTimes),
        atMost(`peak memory of ${action}`, peakOf(results, HERE), 250 * MIB, renderBytes),
      ],
    })
  }
  await withClient(url, async client => {
    const { rows } = await client.query(`SELECT datname FROM pg_database WHERE datname LIKE '${COPY}%'`)
    for (const { datname } of rows) await client.query(`DROP DATABASE ${datname}`)
  })
  return sections
}

const COPY = 'bench_copy_'
let copies = 0

function optionsOf(action: string, lab: Lab, url: string, bucket: TestBucket): ActionOptions {
  if (action === 'dump-to-s3') return dumpOptions(lab, { url }, bucket, { inputs: { database: 'bench' } })
  const inputs = { destination: `s3://${bucket.name}/backups`, database: 'bench', jobs: '2' }
  const env = labEnvironment(lab)
  if (action === 'verify-drill') return { inputs, env }
  copies += 1
  const target = { 'target-url': url, mode: 'new-database', 'new-database': `${COPY}${copies}` }
  return { inputs: { ...inputs, ...target }, env }
}
