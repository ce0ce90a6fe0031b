import { oneRow, type Session } from './session.ts'

/**
 * The same session, which from here on gives back the locks that its statements take: a transaction keeps the
 * lock of every index that it has read, and with thousands of tables the server's lock table is full, for us
 * and for production. Locks taken before stay, as does the snapshot. The session must be in a transaction;
 * settings that are made through it are lost.
 */
export async function withoutKeptLocks(session: Session): Promise<Session> {
  await session.rows('SAVEPOINT reading')
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
  return { ...session, rows, row: oneRow(rows) }
}

const GIVE_BACK = 'ROLLBACK TO SAVEPOINT reading'
