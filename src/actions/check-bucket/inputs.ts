import { type Destination, parseDestination } from '../../core/backup/bucket-layout.ts'
import { goalProblem, SHORTEST_ABORT_DAYS } from '../../core/posture/dangerous-rules.ts'
import type { LifecycleGoal } from '../../core/posture/own-rules.ts'
import { parseDuration } from '../../core/text/duration.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs, Read } from '../../runner/inputs.ts'
import type { StoreConfig } from '../../storage/client.ts'
import { readStoreConfig } from '../../wiring/store-inputs.ts'

export interface CheckBucketInputs {
  readonly mode: 'report' | 'apply'
  readonly goal: LifecycleGoal
  readonly store: StoreConfig
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readCheckBucketInputs(inputs: Inputs, environment: Environment): CheckBucketInputs {
  const destination = inputs.parse('destination', parseDestination)
  const mode = inputs.oneOf('mode', ['report', 'apply'])
  const confirm = inputs.optional('confirm')
  inputs.combine({ destination, mode }, read => {
    if (read.mode === 'apply' && confirm !== read.destination.bucket)
      inputs.problem('confirm', `got "${confirm ?? ''}", apply needs the name of the bucket`)
  })
  return inputs.finish({
    mode,
    goal: readGoal(inputs, destination),
    store: readStoreConfig(inputs, environment, destination),
  })
}

function readGoal(inputs: Inputs, destination: Read<Destination>): Read<LifecycleGoal> {
  const given = {
    destination,
    glacierDays: inputs.parseOptional('glacier-after', parseDays),
    abortDays: inputs.parse('abort-uploads-after', parseDays),
    noncurrentDays: inputs.parse('old-versions-after', parseDays),
    keptForDays: inputs.parseOptional('kept-for', parseDays),
  }
  inputs.combine({ days: given.abortDays }, ({ days }) => {
    if (days < SHORTEST_ABORT_DAYS)
      inputs.problem('abort-uploads-after', 'is shorter than 2d: a dump that takes longer would be lost')
  })
  return inputs.combine(given, ({ destination: { prefix }, keptForDays, ...days }) => {
    const goal = { prefix, ...days }
    const problem = goalProblem(goal, keptForDays)
    return problem === undefined ? goal : inputs.problem('kept-for', problem)
  })
}

/** Whole days, as lifecycle rules count. */
function parseDays(text: string): number {
  const days = parseDuration(text) / 86_400_000
  if (!Number.isInteger(days) || days < 1) throw new RangeError('expected whole days such as 30d')
  return days
}
