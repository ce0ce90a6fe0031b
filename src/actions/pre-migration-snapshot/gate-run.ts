import type { ActionContext } from '../../runner/action.ts'
import type { Store } from '../../storage/store.ts'
import type { GateInputs } from './inputs.ts'

export interface GateRun {
  readonly context: ActionContext
  readonly inputs: GateInputs
  readonly store: Store
  readonly signal: AbortSignal
  readonly directory: string
}
