import { errorMessage, OperatorError } from '../../core/errors.ts'
import { type Connection, withDatabase } from '../../core/pg/connection.ts'
import { printIdentifier, quoteIdentifier } from '../../core/pg/quote.ts'
import { openSession } from '../session/session.ts'
import { readTransactionEnd, type TransactionEnd } from './commit-status.ts'
import { whileTerminating } from './terminate-sessions.ts'

export interface SwapNames {
  /** The name that the application uses. */
  readonly current: string
  /** The restored database, which gets that name. */
  readonly restored: string
  /** What the old database is called from then on. */
  readonly previous: string
}

export interface Swapped {
  /** From the first session that was cut to the commit of both names. */
  readonly windowMs: number
  readonly terminated: number
}

/**
 * Gives the restored database the name of the current one, which keeps its data under another name. Both
 * renames are one transaction, so that there is never a moment without either, and a failure leaves both as
 * they were.
 *
 * ALTER DATABASE … RENAME locks the database first, then waits up to five seconds until no session is
 * connected to it (CountOtherDBBackends). A client that connects meanwhile waits for the lock, so that a
 * crowd of reconnecting clients cannot keep it from happening: it is enough to end those who were there. Must
 * not be connected to either: that is what `maintenance` is for. Throws SWAP_FAILED.
 */
export async function swapDatabases(
  maintenance: Connection,
  names: SwapNames,
  signal: AbortSignal,
): Promise<Swapped> {
  await using renaming = await openSession(maintenance, signal)
  await using ending = await openSession(maintenance, signal)
  const rename = (from: string, to: string) =>
    renaming.rows(`ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`)
  const startedAt = performance.now()
  const cut = new Set<string>()
  let id: string | undefined
  try {
    await renaming.rows('BEGIN')
    id = (await renaming.row<{ id: string }>('SELECT pg_current_xact_id()::text AS id')).id
    // A lock that another session holds on the database must not become an outage.
    await renaming.rows("SET LOCAL lock_timeout = '5s'")
    for (const [from, to] of [
      [names.current, names.previous],
      [names.restored, names.current],
    ] as const) {
      await whileTerminating(ending, from, [], cut, rename(from, to))
    }
    await renaming.rows('COMMIT')
    return { windowMs: Math.round(performance.now() - startedAt), terminated: cut.size }
  } catch (error) {
    // Its end is certain then: what has not committed is rolled back.
    await renaming[Symbol.asyncDispose]()
    // The answer to the commit may have been lost. Clean-up after a cancellation has seconds.
    const end = await readEnd(maintenance, id, names.previous, signal.aborted ? 3000 : undefined)
    if (end === 'committed')
      return { windowMs: Math.round(performance.now() - startedAt), terminated: cut.size }
    if (signal.aborted) throw signal.reason
    throw explain(names, end, error)
  }
}

function explain(names: SwapNames, end: TransactionEnd, error: unknown): OperatorError {
  const said = errorMessage(error).replace(/\.$/, '')
  const state =
    end === 'unknown'
      ? `The names of the databases could not be read; either both were renamed or neither`
      : `Nothing was renamed: ${names.current} is the old database, the restored one is ${names.restored}`
  return new OperatorError('SWAP_FAILED', `The databases could not be swapped: ${said}. ${state}.`, {
    hint: `Look who is connected (pg_stat_activity), then swap by hand, connected to a third database: ${renderSwap(names)}`,
    cause: error,
  })
}

/**
 * Only an open transaction has a number; without one nothing was begun. A number that a crash took back may
 * be another transaction's by now, so the names decide.
 */
async function readEnd(
  maintenance: Connection,
  id: string | undefined,
  previous: string,
  patienceMs: number | undefined,
): Promise<TransactionEnd> {
  if (id === undefined) return 'rolled-back'
  return await readTransactionEnd(
    id,
    async (sql, values) => {
      await using session = await openSession(maintenance)
      const { value } = await session.row<{ value: string | null }>(sql, values)
      if (value !== 'committed') return value
      const renamed = await session.rows('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [previous])
      return renamed.length === 1 ? 'committed' : 'aborted'
    },
    patienceMs,
  )
}

/** The swap as SQL for a person, to be run in a third database. */
export function renderSwap({ current, restored, previous }: SwapNames): string {
  const rename = (from: string, to: string) =>
    `ALTER DATABASE ${printIdentifier(from)} RENAME TO ${printIdentifier(to)};`
  return `BEGIN; ${rename(current, previous)} ${rename(restored, current)} COMMIT;`
}

/**
 * A database of the server that is neither of the two: the first of these that this role can open. Undefined
 * if none.
 */
export async function findMaintenance(
  target: Connection,
  candidates: readonly string[],
): Promise<Connection | undefined> {
  for (const name of candidates.filter(candidate => candidate !== target.database)) {
    const connection = withDatabase(target, name)
    try {
      await using _session = await openSession(connection)
      return connection
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
    }
  }
  return undefined
}
