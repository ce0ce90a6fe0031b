import { setTimeout as sleep } from 'node:timers/promises'
import { hasSqlState, OperatorError } from '../../core/errors.ts'

/** How a transaction ended whose answer was lost. */
export type TransactionEnd = 'committed' | 'rolled-back' | 'unknown'

/**
 * A server that lost a process recovers within seconds to a minute, and one that has not noticed that we are
 * gone does so by its keepalives.
 */
const PATIENCE_MS = 90_000
const PAUSE_MS = 500

/**
 * invalid_parameter_value: after a crash the server has not given out that number yet, so nothing of the
 * transaction was written (TransactionIdInRecentPast, utils/adt/xid8funcs.c).
 */
const NUMBER_IN_THE_FUTURE = '22023'

/**
 * Asks the server about a transaction by its number, until it is over; `read` opens a session. A server that
 * recovers does not answer at first, and a transaction may still be in the middle of its commit. Unknown
 * where that lasts too long.
 */
export async function readTransactionEnd(
  id: string,
  read: (sql: string, values: readonly unknown[]) => Promise<string | null>,
  patienceMs = PATIENCE_MS,
): Promise<TransactionEnd> {
  const deadline = performance.now() + patienceMs
  do {
    try {
      const status = await read('SELECT pg_catalog.pg_xact_status($1::text::xid8)::text AS value', [id])
      if (status === 'committed') return 'committed'
      if (status === 'aborted') return 'rolled-back'
    } catch (error) {
      if (hasSqlState(error, NUMBER_IN_THE_FUTURE)) return 'rolled-back'
      if (!(error instanceof OperatorError)) throw error
    }
    await sleep(PAUSE_MS)
  } while (performance.now() < deadline)
  return 'unknown'
}
