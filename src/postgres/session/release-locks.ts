import { oneRow, type Session } from './session.ts'

/** Begins what withoutKeptLocks goes back to. */
export const READING_SAVEPOINT = 'SAVEPOINT reading'

/**
 * The same session, which from here on gives back the locks that its statements take: a transaction keeps the
 * lock of every index that it has read, and with thousands of tables the server's lock table is full, for us
 * and for production. Locks taken before stay, as does the snapshot. The session must have a
 * READING_SAVEPOINT; settings that are made through it are lost.
 */
export function withoutKeptLocks(session: Session): Session {
  const rows: Session['rows'] = async <T extends Record<string, string | null>>(
    sql: string,
    values: readonly unknown[] = [],
  ) => {
    // In one round trip where the protocol allows it.
    if (values.length === 0) return await session.rows<T>(`${sql}; ${GIVE_BACK}`)
    const found = await session.rows<T>(sql, values)
    await session.rows(GIVE_BACK)
    return found
  }
  const all: Session['all'] = async statements => await session.all([...statements, GIVE_BACK])
  return { ...session, rows, all, row: oneRow(rows) }
}

const GIVE_BACK = 'ROLLBACK TO SAVEPOINT reading'
