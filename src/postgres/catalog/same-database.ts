import { randomInt } from 'node:crypto'
import type { Session } from '../session/session.ts'

/**
 * Whether two sessions are in one database. An advisory lock of the first blocks that of the second only
 * there; a system identifier does not tell, because a physical copy has that of its source. Nothing is
 * written.
 */
export async function areInSameDatabase(first: Session, second: Session): Promise<boolean> {
  const key = String(randomInt(2 ** 47))
  await first.row('SELECT pg_catalog.pg_advisory_lock($1::bigint)::text AS locked', [key])
  try {
    const { free } = await second.row<{ free: string }>(
      `SELECT CASE WHEN pg_catalog.pg_try_advisory_lock($1::bigint)
                   THEN pg_catalog.pg_advisory_unlock($1::bigint) ELSE false END::text AS free`,
      [key],
    )
    return free !== 'true'
  } finally {
    await first.row('SELECT pg_catalog.pg_advisory_unlock($1::bigint)::text AS unlocked', [key])
  }
}
