import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, withDatabase } from '../core/connection.ts'
import { errorMessage, OperatorError } from '../core/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../core/identifier.ts'
import { openSession, type Session } from './session.ts'
import { describeDatabase } from './target-database.ts'

/** How often sessions are ended while the renaming waits for them. */
const TERMINATE_INTERVAL_MS = 10

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
 * Gives the restored database the name of the current one, which keeps its data under another name. Both renames are one
 * transaction, so that there is never a moment without either, and a failure leaves both as they were. The comment of the restored
 * one, which tells clean-up to keep its hands off, is in it too.
 *
 * ALTER DATABASE … RENAME locks the database first, then waits up to five seconds until nobody is connected to it
 * (CountOtherDBBackends). Whoever connects meanwhile waits for the lock, so that a crowd of reconnecting clients cannot keep it
 * from happening: it is enough to end those who were there. Must not be connected to either: that is what
 * `maintenance` is for. Throws SWAP_FAILED.
 */
export async function swapDatabases(
  maintenance: Connection,
  names: SwapNames,
  comment: string,
  signal: AbortSignal,
): Promise<Swapped> {
  await using renaming = await openSession(maintenance, signal)
  await using ending = await openSession(maintenance, signal)
  const rename = (from: string, to: string) =>
    renaming.rows(`ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`)
  const startedAt = performance.now()
  let terminated = 0
  try {
    await renaming.rows('BEGIN')
    // A lock that somebody else holds on the database must not become an outage.
    await renaming.rows("SET LOCAL lock_timeout = '5s'")
    await describeDatabase(renaming, names.restored, comment)
    for (const [from, to] of [
      [names.current, names.previous],
      [names.restored, names.current],
    ] as const) {
      const renamed = rename(from, to)
      terminated += await terminateUntil(ending, from, renamed)
      await renamed
    }
    await renaming.rows('COMMIT')
    return { windowMs: Math.round(performance.now() - startedAt), terminated }
  } catch (error) {
    const now = await readNames(maintenance, names).catch(() => undefined)
    // The answer to the commit may have been lost.
    if (now?.has(names.previous) && !now.has(names.restored))
      return { windowMs: Math.round(performance.now() - startedAt), terminated }
    if (signal.aborted) throw signal.reason
    throw explain(names, now, error)
  }
}

/** Ends the sessions in a database again and again until the promise is settled. Returns how many. */
async function terminateUntil(
  session: Session,
  database: string,
  settled: Promise<unknown>,
): Promise<number> {
  let isSettled = false
  const end = () => {
    isSettled = true
  }
  settled.then(end, end)
  let count = 0
  while (!isSettled) {
    count += await terminateSessions(session, database)
    await sleep(TERMINATE_INTERVAL_MS)
  }
  return count
}

/** Ends every session in a database that this role may end, except its own and those spared. Returns how many. */
export async function terminateSessions(
  session: Session,
  database: string,
  spared: readonly string[] = [],
): Promise<number> {
  const { count } = await session.row<{ count: string }>(
    `SELECT count(pg_terminate_backend(a.pid))::text AS count
       FROM pg_catalog.pg_stat_activity a
       JOIN pg_catalog.pg_roles me ON me.rolname = current_user
       JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
      WHERE a.datname = $1 AND a.pid <> pg_backend_pid() AND a.pid <> ALL ($2::int[]) AND a.backend_type = 'client backend'
        AND (me.rolsuper OR (NOT r.rolsuper AND (pg_has_role(r.oid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))))`,
    [database, spared],
  )
  return Number(count)
}

function explain(names: SwapNames, now: ReadonlySet<string> | undefined, error: unknown): OperatorError {
  const said = errorMessage(error).replace(/\.$/, '')
  const state =
    now === undefined
      ? `Nobody could look what the databases are called now; either both were renamed or none`
      : `Nothing was renamed: ${names.current} is the old database, the restored one is ${names.restored}`
  return new OperatorError('SWAP_FAILED', `The databases could not be swapped: ${said}. ${state}.`, {
    hint: `Look who is connected (pg_stat_activity), then swap by hand, connected to a third database: ${renderSwap(names)}`,
    cause: error,
  })
}

async function readNames(maintenance: Connection, names: SwapNames): Promise<ReadonlySet<string>> {
  await using session = await openSession(maintenance)
  const rows = await session.rows<{ name: string }>(
    `SELECT datname AS name FROM pg_catalog.pg_database WHERE datname IN (${Object.values(names).map(quoteLiteral).join(', ')})`,
  )
  return new Set(rows.map(({ name }) => name))
}

/** The swap as SQL for a person, to be run in a third database. */
export function renderSwap({ current, restored, previous }: SwapNames): string {
  return `BEGIN; ALTER DATABASE ${quoteIdentifier(current)} RENAME TO ${quoteIdentifier(previous)}; ALTER DATABASE ${quoteIdentifier(restored)} RENAME TO ${quoteIdentifier(current)}; COMMIT;`
}

/** A database of the server that is neither of the two: the first of these that this role can open. Undefined if none. */
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
