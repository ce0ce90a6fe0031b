import type { Connection } from '../core/connection.ts'
import { OperatorError } from '../core/errors.ts'
import { quoteTable } from '../core/identifier.ts'
import { queryHead } from '../core/query-head.ts'
import { readTables, type Selection, type Table, type TableAccess } from './catalog.ts'
import { emptySearchPath } from './search-path.ts'
import { openSession, type Session } from './session.ts'

/** A snapshot that other sessions can import for as long as its session lives. */
export interface Snapshot {
  /** What `pg_dump --snapshot` and SET TRANSACTION SNAPSHOT take. */
  readonly id: string
  /** The server's clock at the snapshot. */
  readonly instant: Date
  /** Every table that the dump will hold; all are locked against change of their structure. */
  readonly tables: readonly TableAccess[]
  /** The holding session, for reads inside the snapshot. */
  readonly session: Session
}

/** pg_dump puts 100 kB of names into one LOCK TABLE; so do we (pg_dump.c getTables). */
const LOCK_BATCH = 500
const ATTEMPTS = 3

/**
 * Locks the tables, then takes the snapshot; both last until the session ends.
 *
 * The order matters. TRUNCATE and rewriting ALTER TABLE are not MVCC-safe: a table changed so after a snapshot was
 * taken and before it is locked looks empty to that snapshot (PostgreSQL docs, "MVCC Caveats"). LOCK TABLE takes no snapshot in a
 * REPEATABLE READ transaction, so locking first closes that gap. A table that appears between the listing and the
 * snapshot would be unlocked: then it starts over.
 *
 * Throws DATABASE_LOCKED, naming the session in the way, when a lock is not to be had within `lockTimeoutMs`.
 */
export async function holdSnapshot(
  session: Session,
  connection: Connection,
  selection: Selection,
  lockTimeoutMs: number,
): Promise<Snapshot> {
  await session.rows(`SET lock_timeout = ${Math.max(1, Math.round(lockTimeoutMs))}`)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const listed = await readTables(session, selection)
    await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const snapshot = (await lockTables(session, listed, () =>
      watchBlockers(connection, session.pid, lockTimeoutMs),
    ))
      ? await takeSnapshot(session, selection, listed)
      : undefined
    if (snapshot !== undefined) return snapshot
    await session.rows('ROLLBACK')
  }
  throw new OperatorError(
    'DATABASE_LOCKED',
    `Tables were created or dropped during each of ${ATTEMPTS} tries to lock them all.`,
    {
      hint: 'Run again when no migration is under way.',
    },
  )
}

/** Undefined when tables appeared that were not there to be locked. */
async function takeSnapshot(
  session: Session,
  selection: Selection,
  listed: readonly Table[],
): Promise<Snapshot | undefined> {
  const { id, instant } = await session.row<{ id: string; instant: string }>(
    `SELECT pg_export_snapshot() AS id, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS instant`,
  )
  const tables = await readTables(session, selection)
  return sameTables(listed, tables) ? { id, instant: new Date(instant), tables, session } : undefined
}

/** False when a table was dropped in the meantime. */
async function lockTables(
  session: Session,
  tables: readonly Table[],
  watchForBlockers: () => BlockerWatch,
): Promise<boolean> {
  for (let i = 0; i < tables.length; i += LOCK_BATCH) {
    const names = tables.slice(i, i + LOCK_BATCH).map(quoteTable)
    const watch = watchForBlockers()
    try {
      await session.rows(`LOCK TABLE ONLY ${names.join(', ONLY ')} IN ACCESS SHARE MODE`)
    } catch (error) {
      if (isUndefinedTable(error)) return false
      throw isLocked(error) ? await watch.explain(error) : error
    } finally {
      watch.stop()
    }
  }
  await session.rows('SET LOCAL lock_timeout = 0')
  return true
}

interface BlockerWatch {
  /** The lock timeout as an error that names who held the lock. */
  explain(cause: OperatorError): Promise<OperatorError>
  stop(): void
}

/** Looks, half way to the lock timeout, at who is in the way: afterwards nobody waits any more. */
function watchBlockers(connection: Connection, pid: string, lockTimeoutMs: number): BlockerWatch {
  let found: Promise<readonly string[]> = Promise.resolve([])
  const timer = setTimeout(() => {
    found = readBlockers(connection, pid).catch(() => [])
  }, lockTimeoutMs / 2)
  return {
    explain: async cause => lockedError(lockTimeoutMs, await found, cause),
    stop: () => clearTimeout(timer),
  }
}

async function readBlockers(connection: Connection, pid: string): Promise<readonly string[]> {
  await using session = await openSession(connection)
  await emptySearchPath(session)
  const rows = await session.rows<Record<'pid' | 'user' | 'state' | 'age' | 'query' | 'relation', string>>(
    `SELECT a.pid::text AS pid, coalesce(a.usename, '?') AS user, coalesce(a.state, '?') AS state,
            extract(epoch FROM now() - coalesce(a.xact_start, a.query_start))::int::text AS age,
            coalesce(left(a.query, 2000), '') AS query,
            coalesce((SELECT l.relation::regclass::text FROM pg_catalog.pg_locks l WHERE l.pid = $1 AND NOT l.granted LIMIT 1), '?') AS relation
       FROM unnest(pg_catalog.pg_blocking_pids($1)) AS b(pid) JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid`,
    [pid],
  )
  return rows.map(
    row =>
      `table ${row.relation} is locked by pid ${row.pid} (user ${row.user}, ${row.state}, transaction open for ${row.age} s): ${queryHead(row.query)}`,
  )
}

function lockedError(
  lockTimeoutMs: number,
  blockers: readonly string[],
  cause: OperatorError,
): OperatorError {
  const who =
    blockers.length === 0 ? 'The session in the way is not visible to this role' : blockers.join('; ')
  return new OperatorError(
    'DATABASE_LOCKED',
    `Not every table could be locked within ${lockTimeoutMs} ms. ${who}.`,
    {
      hint: 'Wait until that session is done (or end it: SELECT pg_terminate_backend(<pid>)), or raise lock-timeout.',
      cause,
    },
  )
}

function sameTables(a: readonly Table[], b: readonly Table[]): boolean {
  const names = (tables: readonly Table[]) =>
    tables.map(table => `${table.oid} ${quoteTable(table)}`).join('\n')
  return names(a) === names(b)
}

function isLocked(error: unknown): error is OperatorError {
  return error instanceof OperatorError && error.code === 'DATABASE_LOCKED'
}

function isUndefinedTable(error: unknown): boolean {
  return error instanceof OperatorError && /\b(42P01|3F000)\b/.test(error.message)
}
