import type { Inventory } from '../../core/restore/safety-gap.ts'
import { readObjectCounts } from '../catalog/object-counts.ts'
import { readSequenceNames } from '../catalog/sequences.ts'
import { EVERYTHING, readTables } from '../catalog/tables.ts'
import type { Session } from '../session/session.ts'

/**
 * What a manifest lists, by the same rules. Names and counts only, no row is read: this happens while
 * all others wait.
 */
export async function readInventory(session: Session): Promise<Inventory> {
  const tables = await readTables(session, EVERYTHING)
  return {
    tables: tables.filter(({ isPartitioned }) => !isPartitioned),
    sequences: await readSequenceNames(session),
    objects: await readObjectCounts(session),
  }
}
