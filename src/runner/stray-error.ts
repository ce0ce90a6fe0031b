import process from 'node:process'
import type { OperatorError } from '../core/errors.ts'
import { toOperatorError } from './failure.ts'

/** How long the work may clean up after an error that nobody caught: as long as after a cancelled job. */
const GRACE_MS = 7500

/** How long a process may live on after its work. */
const LEAVE_MS = 5000

/**
 * The result of the work, unless something happened that no `await` can catch: an error thrown by an event or by a
 * forgotten promise, or an event loop that runs empty while work is pending. Such an error aborts the work, so that it
 * cleans up, and is thrown when the work has ended or its time is over.
 */
export async function withStrayErrors<T>(controller: AbortController, work: Promise<T>): Promise<T> {
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>()
  let stray: OperatorError | undefined
  process.on('uncaughtException', error => {
    stray ??= toOperatorError(error)
    controller.abort(stray)
    setTimeout(giveUp, GRACE_MS, stray).unref()
  })
  process.once('beforeExit', () =>
    giveUp(stray ?? new Error('the step came to a halt before its work was done')),
  )
  const result = await Promise.race([givenUp, work])
  if (stray !== undefined) throw stray
  return result
}

/** Ends a process that something still holds open after its work, a forgotten connection, say; and says what. */
export function leaveSoon(tell: (text: string) => void): void {
  const leave = () => {
    tell(`Still open after the work was done: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit()
  }
  setTimeout(leave, LEAVE_MS).unref()
}
