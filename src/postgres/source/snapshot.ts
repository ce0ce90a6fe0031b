import { hasSqlState, OperatorError } from '../../core/errors.ts'
import { quoteTable } from '../../core/pg/quote.ts'
import { OUTPUT_SETTINGS } from '../catalog/fingerprint.ts'
import { type MovingRows, readMovingRows } from '../catalog/moving-rows.ts'
import { readSequenceNames } from '../catalog/sequences.ts'
import { type DumpSelection, readTables, type Table, type TableAccess } from '../catalog/tables.ts'
import { READING_SAVEPOINT, withoutKeptLocks } from '../session/release-locks.ts'
import { inOneRoundTrip } from '../session/round-trip.ts'
import type { Session } from '../session/session.ts'

/** A snapshot that other sessions can import for as long as its session lives. */
export interface Snapshot {
  /** What `pg_dump --snapshot` and SET TRANSACTION SNAPSHOT take. */
  readonly id: string
  /** The server's clock at the snapshot. */
  readonly instant: Date
  /** Every table that the dump will hold; all are locked against change of their structure. */
  readonly tables: readonly TableAccess[]
  readonly movingRows: MovingRows
  /** Quoted names of all sequences of a full dump: one that is younger is not in the archive. */
  readonly sequenceNames: ReadonlySet<string>
  /**
   * The holding session, for reads inside the snapshot, with pinned settings. It keeps no lock but those of
   * the tables.
   */
  readonly session: Session
}

/** pg_dump puts 100 kB of names into one LOCK TABLE; so do we (pg_dump.c getTables). */
const LOCK_BATCH = 500
const ATTEMPTS = 3

/**
 * Locks the tables, then takes the snapshot; both last until the session ends.
 *
 * The order matters. TRUNCATE and rewriting ALTER TABLE are not MVCC-safe: a table changed so after a
 * snapshot was taken and before it is locked looks empty to that snapshot (PostgreSQL docs, "MVCC Caveats").
 * LOCK TABLE takes no snapshot in a REPEATABLE READ transaction, so locking first closes that gap. A table
 * that appears between the listing and the snapshot would be unlocked: then it starts over.
 *
 * Throws DATABASE_LOCKED, naming who is `inTheWay`, when not all locks are to be had within `lockTimeoutMs`.
 */
export async function holdSnapshot(
  session: Session,
  selection: DumpSelection,
  lockTimeoutMs: number,
  inTheWay: () => readonly string[],
  known?: readonly Table[],
): Promise<Snapshot> {
  const deadline = performance.now() + lockTimeoutMs
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const listed = attempt === 1 && known !== undefined ? known : await readTables(session, selection)
    const snapshot = await lockAndTake(session, selection, listed, deadline).catch(error => {
      throw isTimeUp(error, deadline) ? lockedError(lockTimeoutMs, inTheWay(), error) : error
    })
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

const EXPORT = `
  SELECT pg_export_snapshot() AS id, to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS instant`

/**
 * Undefined when a table was dropped in the meantime, or one appeared that was not there to be locked. One
 * round trip for a batch of locks, and the snapshot is taken in the last one.
 */
async function lockAndTake(
  session: Session,
  selection: DumpSelection,
  listed: readonly Table[],
  deadline: number,
): Promise<Snapshot | undefined> {
  let begin = [BEGIN]
  let at = 0
  try {
    for (; at + LOCK_BATCH < listed.length; at += LOCK_BATCH) {
      await session.all([...begin, ...lockStatements(listed.slice(at, at + LOCK_BATCH), deadline)])
      begin = []
    }
    const last = [...begin, ...lockStatements(listed.slice(at), deadline)]
    return await takeSnapshot(session, selection, listed, last)
  } catch (error) {
    if (isUndefinedTable(error)) return undefined
    throw error
  }
}

const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'

/**
 * One deadline for all locks: each statement may take what is left. A time-out holds from the statement after
 * it, and for each statement of a text by itself.
 */
function lockStatements(tables: readonly Table[], deadline: number): readonly string[] {
  const leftMs = Math.max(1, Math.round(deadline - performance.now()))
  const names = tables.map(quoteTable).join(', ONLY ')
  const lock = names === '' ? [] : [`LOCK TABLE ONLY ${names} IN ACCESS SHARE MODE`]
  return [`SET LOCAL statement_timeout = ${leftMs}`, ...lock]
}

/** Undefined when tables appeared that were not there to be locked. */
async function takeSnapshot(
  session: Session,
  selection: DumpSelection,
  listed: readonly Table[],
  locks: readonly string[],
): Promise<Snapshot | undefined> {
  const [{ id, instant }, , tables, sequences] = await inOneRoundTrip(session, together => {
    const locked = locks.map(statement => together.rows(statement))
    return [
      together.row<{ id: string; instant: string }>(EXPORT),
      together.rows('SET LOCAL statement_timeout = 0'),
      readTables(together, selection),
      readSequenceNames(together),
      ...OUTPUT_SETTINGS.map(setting => together.rows(setting)),
      together.rows(READING_SAVEPOINT),
      ...locked,
    ]
  })
  if (!sameTables(listed, tables)) return undefined
  const movingRows = await readMovingRows(session, tables)
  return {
    id,
    instant: new Date(instant),
    tables,
    movingRows,
    sequenceNames: new Set(sequences.map(quoteTable)),
    session: withoutKeptLocks(session),
  }
}

function lockedError(lockTimeoutMs: number, blockers: readonly string[], cause: unknown): OperatorError {
  const who = blockers.length === 0 ? 'The blocking session is not visible to this role' : blockers.join('; ')
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

/** query_canceled: by the statement's timeout, or by an administrator. */
function isTimeUp(error: unknown, deadline: number): boolean {
  return hasSqlState(error, '57014') && performance.now() >= deadline - 10
}

/** undefined_table, or its schema is gone. */
function isUndefinedTable(error: unknown): boolean {
  return hasSqlState(error, '42P01', '3F000')
}
