import { OperatorError } from '../../src/core/errors.ts'
import { GIB, MIB, renderBytes, TIB } from '../../src/core/text/bytes.ts'
import { type PartPlan, planParts, refuseTooLarge } from '../../src/storage/multipart/part-size.ts'
import { atLeast, atMost, exactly } from './aim.ts'
import type { Section } from './contest.ts'

/** The largest object that the stores of docs/stores.md agree on. */
const LARGEST = 5 * TIB
const MOST_MEMORY = 1.25 * GIB
const DATABASES = [1 * GIB, 100 * GIB, 1 * TIB, 1.22 * TIB, 2 * TIB, LARGEST]

/** What the plan of an upload holds, from a gigabyte to the largest object: computed, not measured. */
export function planContest(): Section {
  const largest = planParts(LARGEST, 'known')
  return {
    title: 'Plan of the upload, up to 5 TiB',
    about:
      'Computed by the function that dump-to-s3 asks before it starts pg_dump: no data is read or sent. S3 takes at most 10,000 parts.',
    results: new Map(),
    table: {
      head: ['Database', 'Part', 'Parts in flight', 'Buffers', 'Archive that fits'],
      rows: DATABASES.map(bytes => renderPlan(bytes, planParts(bytes, 'known'))),
    },
    aims: [
      atLeast('archive that the plan of a 5 TiB database holds', capacityOf(largest), LARGEST, renderBytes),
      atMost('buffers of that plan', buffersOf(largest), MOST_MEMORY, renderBytes),
      exactly('answer to a database of 5 TiB', answerTo(LARGEST), 'planned'),
      exactly(
        'answer to a database that is 1 MiB larger',
        answerTo(LARGEST + MIB),
        'UPLOAD_TOO_LARGE before pg_dump',
      ),
    ],
  }
}

function renderPlan(databaseBytes: number, plan: PartPlan): readonly string[] {
  const { partBytes, inFlight } = plan
  return [
    renderBytes(databaseBytes),
    renderBytes(partBytes),
    String(inFlight),
    renderBytes(buffersOf(plan)),
    renderBytes(capacityOf(plan)),
  ]
}

/** One more than in flight is being filled. */
function buffersOf({ partBytes, inFlight, lag }: PartPlan): number {
  return partBytes * (inFlight + 1 + lag)
}

function capacityOf({ partBytes, maxParts }: PartPlan): number {
  return partBytes * maxParts
}

function answerTo(databaseBytes: number): string {
  try {
    refuseTooLarge({ databaseBytes })
    return 'planned'
  } catch (error) {
    if (error instanceof OperatorError) return `${error.code} before pg_dump`
    throw error
  }
}
