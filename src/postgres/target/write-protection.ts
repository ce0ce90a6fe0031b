import { quoteIdentifier } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'

const READ_ONLY = 'default_transaction_read_only'

/** Undefined when the database has no setting of its own. */
export async function readWriteProtection(session: Session, database: string): Promise<string | undefined> {
  const [found] = await session.rows<{ value: string }>(
    `SELECT substr(u, strpos(u, '=') + 1) AS value
       FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
      CROSS JOIN LATERAL unnest(s.setconfig) AS u
      WHERE d.datname = $1 AND s.setrole = 0 AND split_part(u, '=', 1) = '${READ_ONLY}'`,
    [database],
  )
  return found?.value
}

/** New sessions only read, unless they set otherwise, as those of a restore do. */
export function protectFromWrites(database: string): string {
  return `ALTER DATABASE ${quoteIdentifier(database)} SET ${READ_ONLY} = on;`
}

/** Puts the setting of the database back to what readWriteProtection gave. */
export function unprotect(database: string, before: string | undefined): string {
  const action = before === undefined ? `RESET ${READ_ONLY}` : `SET ${READ_ONLY} = ${before}`
  return `ALTER DATABASE ${quoteIdentifier(database)} ${action};`
}
