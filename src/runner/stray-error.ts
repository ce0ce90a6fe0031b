import process from 'node:process'
import type { OperatorError } from '../core/errors.ts'
import { toOperatorError } from './failure.ts'

/** How long a phase may take to end after its work. */
export interface EndLimits {
  /** For clean-up after an error that no `await` can catch: as long as after a cancelled job. */
  readonly cleanUpMs: number
  /** For open handles after the work was done. */
  readonly openMs: number
}

export const END_LIMITS: EndLimits = { cleanUpMs: 7500, openMs: 5000 }

/**
 * Returns the result of the work, unless an error occurs that no `await` can catch: thrown by an event or a
 * forgotten promise, or an event loop that runs empty while work is pending. Such an error aborts the work,
 * so that it cleans up, and is thrown when the work has ended or the time for clean-up is over.
 */
export async function withStrayErrors<T>(
  controller: AbortController,
  { cleanUpMs }: EndLimits,
  work: Promise<T>,
): Promise<T> {
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>()
  let stray: OperatorError | undefined
  process.on('uncaughtException', error => {
    stray ??= toOperatorError(error)
    controller.abort(stray)
    setTimeout(giveUp, cleanUpMs, stray).unref()
  })
  process.once('beforeExit', () =>
    giveUp(stray ?? new Error('the step came to a halt before its work was done')),
  )
  const result = await Promise.race([givenUp, work])
  if (stray !== undefined) throw stray
  return result
}

/**
 * Ends a process that a handle, such as a forgotten connection, still holds open after its work; and names
 * it.
 */
export function exitIfStillOpen({ openMs }: EndLimits, report: (text: string) => void): void {
  const exit = () => {
    report(`Still open after the work was done: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit()
  }
  setTimeout(exit, openMs).unref()
}
