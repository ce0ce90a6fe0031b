import type { Lab } from '../../lab/lab.ts'
import type { Page } from './page.ts'

/** What every chapter works with. */
export interface Stage {
  readonly page: Page
  readonly lab: Lab
  /** Aborted when the demo is interrupted. */
  readonly signal: AbortSignal
}
