import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, OperatorError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { renderDuration } from '../core/text/duration.ts'
import { fetchWeb } from '../net/web-request.ts'

interface HealthDemand {
  readonly url: string
  readonly status: number
  /** Healthy answers in a row. */
  readonly probes: number
}

const PROBE_TIMEOUT_MS = 10_000
const INTERVAL_MS = 1000
/** A service that was just opened answers 503 for some seconds. */
const PATIENCE_MS = 5 * 60_000

/** Waits for so many healthy answers in a row. Throws CUTOVER_STOPPED with the last answer. */
export async function awaitHealth(demand: HealthDemand, log: Log, signal: AbortSignal): Promise<void> {
  const since = performance.now()
  let row = 0
  for (;;) {
    const found = await probe(demand.url, signal)
    const isHealthy = found === `status ${demand.status}`
    row = isHealthy ? row + 1 : 0
    log.info(`  ${found}${isHealthy ? `, ${row} of ${demand.probes} in a row` : ''}`)
    if (row >= demand.probes) return
    const elapsedMs = performance.now() - since
    if (elapsedMs > PATIENCE_MS)
      throw new OperatorError(
        'CUTOVER_STOPPED',
        `The service is not healthy after ${renderDuration(elapsedMs)}: ${found}, expected status ${demand.status}.`,
        { hint: 'Read the log of the service in the dashboard of Render.' },
      )
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }
}

/** Redirects are not followed: where they lead is another page. */
async function probe(url: string, signal: AbortSignal): Promise<string> {
  try {
    const late = AbortSignal.timeout(PROBE_TIMEOUT_MS)
    const response = await fetchWeb(url, { redirect: 'manual', signal: AbortSignal.any([signal, late]) })
    await response.body?.cancel()
    return `status ${response.status}`
  } catch (error) {
    signal.throwIfAborted()
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return `no answer (${errorMessage(cause)})`
  }
}
