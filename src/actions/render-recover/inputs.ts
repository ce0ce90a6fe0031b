import { parseDatabaseName } from '../../core/backup/bucket-layout.ts'
import { type PointInTime, parsePointInTime } from '../../core/render/recovery-window.ts'
import { parseDatabaseId, parseRenderId } from '../../core/render/resources.ts'
import type { RenderConfig } from '../../render/client.ts'
import type { Environment } from '../../runner/environment.ts'
import type { Inputs } from '../../runner/inputs.ts'
import { readRenderConfig } from '../../wiring/render-inputs.ts'
import { type AddressSource, readAddressSource } from '../../wiring/runner-address.ts'

export interface RecoverInputs {
  readonly render: RenderConfig
  readonly instanceId: string
  readonly database: string
  readonly pointInTime: PointInTime
  readonly plan: string | undefined
  readonly environmentId: string | undefined
  readonly keep: boolean
  readonly address: AddressSource
  readonly expiresAfterMs: number
  readonly timeoutMs: number
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readRecoverInputs(inputs: Inputs, environment: Environment): RecoverInputs {
  return inputs.finish({
    render: readRenderConfig(inputs, environment),
    instanceId: inputs.parse('instance-id', parseDatabaseId),
    database: inputs.parse('database', parseDatabaseName),
    pointInTime: inputs.parse('point-in-time', parsePointInTime),
    plan: inputs.parseOptional('plan', parsePlan),
    environmentId: inputs.parseOptional('environment-id', text => parseRenderId(text, ['evm'])),
    keep: inputs.flag('keep'),
    address: readAddressSource(inputs),
    expiresAfterMs: inputs.durationMs('expires-after'),
    timeoutMs: inputs.durationMs('timeout'),
  })
}

/** Plans change too often for a list of them here. Throws a RangeError. */
function parsePlan(text: string): string {
  if (!/^[a-z0-9_]{1,40}$/.test(text))
    throw new RangeError('expected a plan as the API spells it, such as basic_1gb')
  return text
}
