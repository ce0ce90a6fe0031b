import type { OperatorError } from './errors.ts'

/**
 * What an action returns; the runner boundary writes it. A failed drill is a result with a failure, not an
 * exception.
 */
export interface ActionResult {
  readonly outputs: Readonly<Record<string, string | number | boolean>>
  /** GitHub-flavoured Markdown for the job summary. */
  readonly summary?: string
  /** Makes the step fail after outputs and summary are written. */
  readonly failure?: OperatorError
}
