import type { Lab } from '../../lab/lab.ts'
import { renderCount } from '../../src/core/text/bytes.ts'
import { BYTES_PER_TABLE } from '../../test/data/bench.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { dumpOptions } from '../../test/support/dump.ts'
import { atMost } from './aim.ts'
import { actionContender } from './contenders.ts'
import { holdContest, type Section, secondsOf } from './contest.ts'
import { subjectUrl } from './subject.ts'

const ACTION = 'dump-to-s3'

/** The exponent by which the time of a dump grows from some tables to four times as many. */
export async function growthContest(lab: Lab, tables: number, rounds: number): Promise<Section> {
  await using bucket = await createBucket(lab)
  const contender = async (count: number) => {
    const url = await subjectUrl({ lab, kind: 'tables', bytes: count * BYTES_PER_TABLE, bucket })
    return {
      ...actionContender(ACTION, () => dumpOptions(lab, { url }, bucket)),
      name: `${ACTION} of ${renderCount(count)} tables`,
    }
  }
  const [few, many] = [await contender(tables), await contender(4 * tables)]
  const title = `Growth from ${renderCount(tables)} to ${renderCount(4 * tables)} small tables, loopback`
  console.log(title)
  const results = await holdContest([few, many], rounds)
  const exponent = Math.log(secondsOf(results, many.name) / secondsOf(results, few.name)) / Math.log(4)
  return {
    title,
    about:
      'The time of a dump as a power of the number of tables: n^1 is four times as long, n^2 sixteen times. Start-up is included.',
    results,
    aims: [atMost('time of a dump', exponent, 1.1, value => `n^${value.toFixed(2)}`)],
  }
}
