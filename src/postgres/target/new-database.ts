import { setTimeout as sleep } from 'node:timers/promises'
import { hasSqlState, OperatorError } from '../../core/errors.ts'
import { type Connection, withDatabase } from '../../core/pg/connection.ts'
import { quoteIdentifier, quoteLiteral, quoteTable } from '../../core/pg/quote.ts'
import { openSession, type Session } from '../session/session.ts'
import { createDatabaseLike, type DatabaseLocale } from './create-database.ts'
import { dropDatabase } from './drop-database.ts'
import { IN_PROGRESS } from './facts.ts'

/** A server that lost a process restarts within seconds; until then nothing can be dropped. */
const DROP_ATTEMPTS = 8
const DROP_PAUSE_MS = 600

/** A database that a restore makes. */
export interface NewDatabase {
  readonly name: string
  /** Tells ours from that of another restore which took the same name. */
  readonly nonce: string
  readonly like: DatabaseLocale
  readonly owner: string | undefined
  readonly backupId: string
}

/**
 * Creates the empty database that a backup is restored into, and marks it with a comment as unfinished, so
 * that a later run finds it. Only its owner may connect: PUBLIC gets CONNECT by default, and until then no
 * session can connect at all. `claim(true)` comes before it exists, `claim(false)` when another restore took
 * the name at the same moment. Throws TARGET_UNFIT when the name is taken. Returns differences from the
 * source.
 */
export async function createTargetDatabase(
  session: Session,
  { name, nonce, like, owner, backupId }: NewDatabase,
  claim: (isOurs: boolean) => void,
): Promise<readonly string[]> {
  const taken = await session.rows<{ name: string }>(
    'SELECT datname AS name FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  )
  if (taken.length > 0) throw nameTaken(name)
  claim(true)
  try {
    const notes = await createDatabaseLike(session, name, like, { owner, allowsConnections: false })
    await describeDatabase(session, name, `${IN_PROGRESS} ${nonce}, backup ${backupId}`)
    await session.rows(`REVOKE ALL ON DATABASE ${quoteIdentifier(name)} FROM PUBLIC`)
    await session.rows(`ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS true`)
    return notes
  } catch (error) {
    // Race with another restore: 42P04 if the database is visible, 23505 if only the index entry is.
    if (!hasSqlState(error, '42P04', '23505')) throw error
    claim(false)
    throw nameTaken(name)
  }
}

function nameTaken(name: string): OperatorError {
  return new OperatorError('TARGET_UNFIT', `There is a database named ${name} already.`, {
    hint: 'Choose another name with new-database, or drop that one.',
  })
}

/** Replaces the comment of a database: from here on it is finished, and no clean-up touches it. */
export async function describeDatabase(session: Session, name: string, comment: string): Promise<void> {
  await session.rows(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(comment)}`)
}

/** `gone`: it does not exist any more; `kept`: it is finished, or belongs to another restore. */
export type Dropped = 'dropped' | 'gone' | 'kept'

/**
 * Drops a database that a restore of this nonce did not finish, with the sessions in it. One without a
 * comment is ours, too, while it is empty: its maker died between CREATE and COMMENT.
 */
export async function dropUnfinishedDatabase(
  connection: Connection,
  name: string,
  nonce: string,
): Promise<Dropped> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await using session = await openSession(connection)
      const [found] = await session.rows<{ comment: string | null; open: string }>(
        "SELECT shobj_description(oid, 'pg_database') AS comment, datallowconn::text AS open FROM pg_catalog.pg_database WHERE datname = $1",
        [name],
      )
      if (found === undefined) return 'gone'
      if (found.comment === null) {
        // No session was ever in one that is closed. An open one is only dropped while it is empty and
        // unused.
        if (found.open === 'true' && !(await isEmpty(withDatabase(connection, name)))) return 'kept'
        await session.rows(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`)
        return 'dropped'
      }
      if (!found.comment.startsWith(`${IN_PROGRESS} ${nonce},`)) return 'kept'
      await dropDatabase(session, name)
      return 'dropped'
    } catch (error) {
      if (attempt === DROP_ATTEMPTS || !(error instanceof OperatorError)) throw error
      await sleep(DROP_PAUSE_MS)
    }
  }
}

/**
 * Nothing was ever made in it: objects of users have oids from 16384 on (FirstNormalObjectId in transam.h).
 */
async function isEmpty(connection: Connection): Promise<boolean> {
  await using session = await openSession(connection)
  const { empty } = await session.row<{ empty: string }>(
    'SELECT (NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid >= 16384))::text AS empty',
  )
  return empty === 'true'
}

/**
 * What to analyze where foreign tables have parents: ANALYZE takes samples of all children of a parent, also
 * with ONLY, so that these get no statistics.
 */
const BESIDE_FOREIGN = `
  WITH RECURSIVE parent (oid) AS (
    SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relkind = 'f'
    UNION SELECT i.inhparent FROM parent p JOIN pg_catalog.pg_inherits i ON i.inhrelid = p.oid)
  SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't'
     AND EXISTS (SELECT FROM parent) AND c.oid NOT IN (SELECT oid FROM parent)`

/**
 * Statistics for the planner: an archive brings none that are safe to restore, and without them the first
 * queries of an application read whole tables. No other server is asked: it may be down with the one that was
 * lost. Returns what the server said where it stopped: an expression of an index or of a statistics object
 * may fail, which says nothing about the rows.
 */
export async function analyzeDatabase(
  connection: Connection,
  database: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  await using session = await openSession(withDatabase(connection, database), signal)
  const tables = await session.rows<{ schema: string; name: string }>(BESIDE_FOREIGN)
  try {
    await session.rows(`ANALYZE ${tables.map(quoteTable).join(', ')}`)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof OperatorError) || error.code === 'DATABASE_UNREACHABLE') throw error
    return error.message
  }
}
