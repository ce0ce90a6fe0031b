import type { Lab } from '../../lab/lab.ts'
import { renderCount } from '../../src/core/text/bytes.ts'
import { ensureBench } from '../../test/data/bench.ts'
import { createBucket } from '../../test/support/bucket.ts'
import { databaseUrl } from '../../test/support/database.ts'
import { dumpOptions } from '../../test/support/dump.ts'
import { actionContender } from './contenders.ts'
import { holdContest, type Section, secondsOf } from './contest.ts'

const ACTION = 'dump-to-s3'

/** The exponent by which the time of a dump grows from some tables to four times as many. */
export async function growthContest(
  lab: Lab,
  tables: number,
  bytesPerTable: number,
  rounds: number,
): Promise<Section> {
  await using bucket = await createBucket(lab)
  const contender = async (count: number) => {
    const url = databaseUrl(lab, await ensureBench(lab, 'tables', count * bytesPerTable))
    return {
      ...actionContender(ACTION, () => dumpOptions(lab, { url }, bucket)),
      name: `${ACTION} of ${renderCount(count)} tables`,
    }
  }
  const [few, many] = [await contender(tables), await contender(4 * tables)]
  const title = `growth from ${renderCount(tables)} to ${renderCount(4 * tables)} tables, loopback`
  console.log(title)
  const results = await holdContest([few, many], rounds)
  const exponent = Math.log(secondsOf(results, many.name) / secondsOf(results, few.name)) / Math.log(4)
  const render = (value: number) => `n^${value.toFixed(2)}`
  return { title, results, aims: [{ name: 'time of a dump', value: exponent, limit: 1.1, render }] }
}
