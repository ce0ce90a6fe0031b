import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { isExpired, isTransient, storeErrorText } from './store-error.ts'

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000
/** Fresh credentials are fetched so often before their refusal is final. */
const RENEWALS = 3

export interface Patience {
  /** How much longer to try, after failing for so long. Asked each time: patience grows once a store was reached. */
  readonly leftMs: (failingMs: number) => number
  readonly signal: AbortSignal | undefined
  readonly log: Log
  /** Called before a retry after expired credentials. */
  readonly renew: () => void
}

/**
 * Runs a request until it passes, fails for good, or the deadline has passed: exponential backoff with full jitter.
 * The SDK's own retries give up within a second; a store that restarts takes longer. Throws the request's last error,
 * or the reason of the signal.
 */
export async function withRetries<T>(
  what: string,
  request: () => Promise<T>,
  patience: Patience,
): Promise<T> {
  const { signal, log } = patience
  const mayRepeat = repeatRule(patience)
  let failingSince: number | undefined
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await request()
    } catch (error) {
      signal?.throwIfAborted()
      failingSince ??= performance.now()
      const delay = Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt)
      const isTooLate = delay > patience.leftMs(performance.now() - failingSince)
      if (isTooLate || !mayRepeat(error)) throw error
      log.info(`  ${what}: ${storeErrorText(error)}; trying again in ${(delay / 1000).toFixed(1)} s`)
      await pause(delay, signal)
      if (signal?.aborted) throw interrupted(signal.reason, what, error)
    }
  }
}

/** Whoever was stopped while a store did not answer should learn that, and not only that the time was up. */
function interrupted(reason: unknown, what: string, error: unknown): unknown {
  if (!(reason instanceof OperatorError)) return reason
  return reason.withContext({ after: `It was waiting to ${what}: ${storeErrorText(error)}.` })
}

function repeatRule({ renew }: Patience): (error: unknown) => boolean {
  let renewals = 0
  return error => {
    if (!isExpired(error)) return isTransient(error)
    renew()
    renewals += 1
    return renewals <= RENEWALS
  }
}

async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
}
