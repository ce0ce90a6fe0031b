import { READING_SETTINGS } from './reading-settings.ts'
import type { Session } from './session.ts'

/** From here on only names of pg_catalog are found without their schema (CVE-2018-1058). */
export async function emptySearchPath(session: Session): Promise<void> {
  await session.rows("SET search_path = ''")
}

/**
 * The settings of a reading session for one piece of work, in a transaction that leaves nothing behind on any
 * pooler. Of the settings those that this server knows, and then statements of the work's own, in the same
 * round trip.
 */
export async function readInTransaction<T>(
  session: Session,
  work: () => Promise<T>,
  settings: readonly string[] = [],
): Promise<T> {
  let result: T
  try {
    await session.all(['BEGIN READ ONLY', SET_LOCAL, ...settings])
    result = await work()
  } catch (error) {
    // On a connection that is gone it fails as well, and says less.
    await session.rows('ROLLBACK').catch(() => {})
    throw error
  }
  await session.rows('ROLLBACK')
  return result
}

const VALUES = Object.entries(READING_SETTINGS)
  .map(([name, value]) => `('${name}', '${value}')`)
  .join(', ')

const SET_LOCAL = `SELECT pg_catalog.set_config(s.name, w.value, true) FROM (VALUES ${VALUES}) AS w (name, value)
  JOIN pg_catalog.pg_settings s ON s.name OPERATOR(pg_catalog.=) w.name`
