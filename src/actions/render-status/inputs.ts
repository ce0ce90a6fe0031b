import { type PostureDemand, parsePostureDemand } from '../../core/render/posture.ts'
import { parseDatabaseId } from '../../core/render/resources.ts'
import { parseDuration } from '../../core/text/duration.ts'
import type { RenderConfig } from '../../render/client.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs } from '../../runner/inputs.ts'
import { readRenderConfig } from '../../wiring/render-inputs.ts'

export interface StatusInputs {
  readonly render: RenderConfig
  readonly instanceId: string
  /** Undefined: not compared. */
  readonly expectedRetentionMs: number | undefined
  readonly demands: readonly PostureDemand[]
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readStatusInputs(inputs: Inputs, environment: Environment): StatusInputs {
  const render = readRenderConfig(inputs, environment)
  return inputs.finish({
    render,
    instanceId: inputs.parse('instance-id', parseDatabaseId),
    expectedRetentionMs: inputs.parseOptional('expected-retention', parseDuration),
    demands: inputs.parseLines('fail-on', parsePostureDemand),
  })
}
