import type { Manifest } from '../../core/backup/manifest.ts'
import { statementsBefore } from '../../core/backup/partial-backup.ts'
import { errorMessage } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { quoteIdentifier } from '../../core/pg/quote.ts'
import { openSession } from '../session/session.ts'

interface Preparation {
  readonly signal: AbortSignal
  readonly log: Log
  /** Who is to own what is made; undefined is who connects. */
  readonly role?: string | undefined
}

/**
 * Makes what a partial archive does not bring, in an empty database. What this server or this role cannot
 * make may not be needed; if it is, pg_restore says so.
 */
export async function prepareForPartial(
  manifest: Manifest,
  connection: Connection,
  { signal, log, role }: Preparation,
): Promise<void> {
  const statements = statementsBefore(manifest)
  if (statements.length === 0) return
  await using session = await openSession(connection, signal)
  if (role !== undefined) await session.rows(`SET ROLE ${quoteIdentifier(role)}`)
  for (const statement of statements)
    await session.rows(statement).catch(error => log.info(`  ${statement}: ${errorMessage(error)}`))
}
