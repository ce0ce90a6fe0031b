import { hasSqlState } from '../../core/errors.ts'
import type { Session } from '../session/session.ts'

/** Which database a session is in, and its clock. */
export interface DatabaseIdentity {
  readonly database: string
  /** See readSystemIdentifier. */
  readonly systemIdentifier: string | null
  readonly now: Date
}

export async function readIdentity(session: Session): Promise<DatabaseIdentity> {
  const { database, now } = await session.row<Record<'database' | 'now', string>>(
    `SELECT pg_catalog.current_database() AS database,
            pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`,
  )
  return { database, systemIdentifier: await readSystemIdentifier(session), now: new Date(now) }
}

/**
 * The number that initdb gave the cluster, as text because it exceeds 2^53; its standbys and base backups
 * have the same. Null where this role may not read it. Not inside a transaction, which such a refusal would
 * end. https://www.postgresql.org/docs/18/functions-info.html#FUNCTIONS-INFO-CONTROLDATA
 */
export async function readSystemIdentifier(session: Session): Promise<string | null> {
  try {
    const { id } = await session.row<{ id: string }>(
      'SELECT system_identifier::pg_catalog.text AS id FROM pg_catalog.pg_control_system()',
    )
    return id
  } catch (error) {
    if (hasSqlState(error, '42501')) return null
    throw error
  }
}
