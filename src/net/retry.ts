import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'

/** How a request to a store, to GitHub or to a webhook is repeated. */
export interface RetryPolicy {
  /**
   * The pause doubles from the first to the longest; each is drawn between nothing and that (full jitter).
   */
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /**
   * How much longer to try, after failing for so long. Asked each time: patience may grow once a server was
   * reached.
   */
  readonly leftMs: (failingMs: number) => number
  /**
   * Whether trying again may help. A number is the shortest pause that the server asks for, in milliseconds.
   */
  readonly mayRepeat: (error: unknown, attempt: number) => boolean | number
  /** An error in the words of the log. */
  readonly describe: (error: unknown) => string
  readonly log: Log
  readonly signal: AbortSignal | undefined
}

/**
 * Runs a request until it passes, fails for good, or patience ends. `what` completes "It was waiting to …".
 * Throws the request's last error, or the reason of the signal.
 */
export async function retry<T>(
  what: string,
  request: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
): Promise<T> {
  const { signal } = policy
  let failingSince: number | undefined
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      return await request(attempt)
    } catch (error) {
      signal?.throwIfAborted()
      failingSince ??= performance.now()
      const delayMs = delayBefore(error, attempt, policy)
      if (delayMs === undefined || delayMs > policy.leftMs(performance.now() - failingSince)) throw error
      const pause = `trying again in ${(delayMs / 1000).toFixed(1)} s`
      policy.log.info(`  ${what}: ${policy.describe(error)}; ${pause}`)
      await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
      if (signal?.aborted) throw interrupted(signal.reason, `${what}: ${policy.describe(error)}`)
    }
  }
}

/** Undefined where trying again cannot help. */
function delayBefore(error: unknown, attempt: number, policy: RetryPolicy): number | undefined {
  const shortest = policy.mayRepeat(error, attempt)
  if (shortest === false) return undefined
  const jittered = Math.random() * Math.min(policy.longestDelayMs, policy.firstDelayMs * 2 ** attempt)
  return shortest === true ? jittered : Math.max(shortest, jittered)
}

/**
 * An operator whose job ended while a server did not answer learns that, and not only that the time was up.
 */
function interrupted(reason: unknown, waitingTo: string): unknown {
  if (!(reason instanceof OperatorError)) return reason
  return reason.withContext({ after: `It was waiting to ${waitingTo}.` })
}
