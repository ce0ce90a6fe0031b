import type { Inventory } from '../core/safety-gap.ts'
import { readObjectCounts } from './catalog.ts'
import type { Session } from './session.ts'

/** Tables with rows of their own and sequences, as a manifest lists them. */
const RELATIONS = `
  SELECT c.relkind AS kind, n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   ORDER BY 2, 3`

/** Names and counts only, no row is read: this happens while everybody waits. */
export async function readInventory(session: Session): Promise<Inventory> {
  const rows = await session.rows<Record<'kind' | 'schema' | 'name', string>>(RELATIONS)
  return {
    tables: rows.filter(({ kind }) => kind === 'r'),
    sequences: rows.filter(({ kind }) => kind === 'S'),
    objects: await readObjectCounts(session),
  }
}
