import type { Session } from './session.ts'

/**
 * From here on only names of pg_catalog are found without their schema. A database may put another schema before it, and
 * whoever owns functions there would have them run with the rights of the backup (CVE-2018-1058; pg_dump does the same).
 * Not through a pooler in transaction mode: the next client of the server connection would inherit it.
 */
export async function emptySearchPath(session: Session): Promise<void> {
  await session.rows("SET search_path = ''")
}

/** The same for a piece of work in a transaction of its own, which leaves nothing behind on any pooler. */
export async function withEmptySearchPath<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.rows('BEGIN READ ONLY')
  let result: T
  try {
    await session.rows("SET LOCAL search_path = ''")
    result = await work()
  } catch (error) {
    // On a connection that is gone it fails as well, and says less.
    await session.rows('ROLLBACK').catch(() => {})
    throw error
  }
  await session.rows('ROLLBACK')
  return result
}
