import type { ActionContext } from '../../runner/action.ts'
import type { Store } from '../../storage/store.ts'
import type { GateInputs } from './inputs.ts'

/** What every part of the gate works with. */
export interface GateSetting {
  readonly context: ActionContext
  readonly inputs: GateInputs
  readonly store: Store
  readonly signal: AbortSignal
  readonly directory: string
}
