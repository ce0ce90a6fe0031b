import type { Lab } from '../../lab/lab.ts'
import type { Page } from './page.ts'

/** What every chapter works with. */
export interface Stage {
  readonly page: Page
  readonly lab: Lab
  /** Aborted when somebody interrupts the demo. */
  readonly signal: AbortSignal
}
