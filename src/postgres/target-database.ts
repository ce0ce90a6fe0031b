import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, withDatabase } from '../core/connection.ts'
import { OperatorError } from '../core/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../core/identifier.ts'
import type { Manifest } from '../core/manifest.ts'
import { createDatabaseLike } from './database-like.ts'
import { openSession, type Session } from './session.ts'
import { IN_PROGRESS } from './target-facts.ts'

/** A server that lost a process restarts within seconds; until then nobody can drop anything. */
const DROP_ATTEMPTS = 8
const DROP_PAUSE_MS = 600

/**
 * Creates the empty database that a backup is restored into, and marks it with a comment as unfinished, so that it is found
 * when whoever made it is gone. Throws TARGET_UNFIT where the name is taken. Returns what differs from the source.
 */
export async function createTargetDatabase(
  session: Session,
  name: string,
  like: Manifest['server'],
  owner: string | undefined,
  backupId: string,
): Promise<readonly string[]> {
  const taken = await session.rows<{ name: string }>(
    'SELECT datname AS name FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  )
  if (taken.length > 0)
    throw new OperatorError('TARGET_UNFIT', `There is a database named ${name} already.`, {
      hint: 'Choose another name with new-database, or drop that one.',
    })
  const notes = await createDatabaseLike(session, name, like, owner)
  await describeDatabase(session, name, `${IN_PROGRESS}, backup ${backupId}`)
  return notes
}

/** Replaces the comment of a database: from here on it is finished, and no clean-up touches it. */
export async function describeDatabase(session: Session, name: string, comment: string): Promise<void> {
  await session.rows(`COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(comment)}`)
}

/**
 * Drops a database that a restore did not finish, whoever is connected to it; does nothing when it is gone, or when its
 * comment does not say so any more. True when nothing is left.
 */
export async function dropUnfinishedDatabase(connection: Connection, name: string): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await using session = await openSession(connection)
      const [found] = await session.rows<{ comment: string | null }>(
        "SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_catalog.pg_database WHERE datname = $1",
        [name],
      )
      if (found === undefined) return true
      if (!found.comment?.startsWith(IN_PROGRESS)) return false
      await session.rows(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
      return true
    } catch (error) {
      if (attempt === DROP_ATTEMPTS || !(error instanceof OperatorError)) throw error
      await sleep(DROP_PAUSE_MS)
    }
  }
}

/**
 * Statistics for the planner: an archive brings none that are safe to restore, and without them the first queries of an
 * application read whole tables.
 */
export async function analyzeDatabase(
  connection: Connection,
  database: string,
  signal: AbortSignal,
): Promise<void> {
  await using session = await openSession(withDatabase(connection, database), signal)
  await session.rows('ANALYZE')
}
