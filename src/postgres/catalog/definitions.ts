import type { RestoredDefinitions } from '../../core/checks/definitions.ts'
import { fromVersionNumber } from '../../core/pg/version.ts'
import type { Session } from '../session/session.ts'
import { definitionsQuery } from './definition-queries.ts'

/** hashtextextended and pg_proc.prokind are new in it. */
const OLDEST = 110_000

/**
 * Every object of the users' schemas with a hash of its definition, as PostgreSQL writes it under the pinned
 * settings, sorted.
 */
export async function readDefinitions(session: Session): Promise<RestoredDefinitions> {
  const { version } = session
  const serverMajor = fromVersionNumber(version).major
  if (version < OLDEST) return { serverMajor, definitions: null }
  const rows = await session.rows<Record<'kind' | 'name' | 'hash', string>>(definitionsQuery(version))
  return { serverMajor, definitions: rows }
}
