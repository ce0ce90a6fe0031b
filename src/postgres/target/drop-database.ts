import { hasSqlState } from '../../core/errors.ts'
import { quoteIdentifier } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'

/**
 * Drops a database and ends its sessions; does nothing when it is gone. WITH (FORCE) wants the right to end
 * every process in it, and only a superuser may end an autovacuum worker (TerminateOtherDBBackends in
 * procarray.c: 42501). A plain DROP DATABASE ends autovacuum by itself (CountOtherDBBackends).
 */
export async function dropDatabase(session: Session, name: string): Promise<void> {
  const drop = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`
  try {
    await session.rows(`${drop} WITH (FORCE)`)
  } catch (error) {
    if (!hasSqlState(error, '42501')) throw error
    await session.rows(
      `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
        WHERE datname = $1 AND backend_type = 'client backend' AND pg_catalog.pg_has_role(usesysid, 'USAGE')`,
      [name],
    )
    await session.rows(drop)
  }
}
