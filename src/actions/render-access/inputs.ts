import { parseDatabaseId } from '../../core/render/resources.ts'
import type { RenderConfig } from '../../render/client.ts'
import type { Environment } from '../../runner/environment.ts'
import { type Inputs, Refused } from '../../runner/inputs.ts'
import { readRenderConfig } from '../../wiring/render-inputs.ts'
import { type AddressSource, readAddressSource } from '../../wiring/runner-address.ts'

interface AccessInputs {
  readonly render: RenderConfig
  readonly instanceId: string
  readonly address: AddressSource
  readonly expiresAfterMs: number
  readonly timeoutMs: number
}

/** Reads and checks every input; throws INVALID_INPUT with all problems at once. */
export function readAccessInputs(inputs: Inputs, environment: Environment): AccessInputs {
  const expiresAfterMs = inputs.durationMs('expires-after')
  if (!(expiresAfterMs instanceof Refused) && expiresAfterMs < 60_000)
    inputs.problem('expires-after', 'must be at least 1m')
  return inputs.finish({
    render: readRenderConfig(inputs, environment),
    instanceId: inputs.parse('instance-id', parseDatabaseId),
    address: readAddressSource(inputs),
    expiresAfterMs,
    timeoutMs: inputs.durationMs('timeout'),
  })
}
