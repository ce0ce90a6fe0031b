import type { Session } from '../session/session.ts'
import { CONFIGURATION, isDumped } from './extension-members.ts'

/** What a full dump holds and this role may not read, besides tables. */
export interface Unreadable {
  readonly sequences: readonly string[]
  /** Configuration tables of extensions. */
  readonly tables: readonly string[]
  readonly largeObjects: number
}

const SEQUENCES = `
  SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_sequence s
    JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND NOT has_sequence_privilege(s.seqrelid, 'SELECT')
     AND ${isDumped('s.seqrelid')}
   ORDER BY 1`

const TABLES = `
  SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY (${CONFIGURATION}) AND c.relkind IN ('r', 'p')
     AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))
   ORDER BY 1`

/** has_largeobject_privilege is new in 18; below, pg_dump itself is the first to tell. */
const LARGE_OBJECTS = (version: number) =>
  version < 180_000
    ? 'SELECT 0'
    : "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata WHERE NOT has_largeobject_privilege(oid, 'SELECT')"

export async function readUnreadable(session: Session): Promise<Unreadable> {
  const row = await session.row<Record<'sequences' | 'tables' | 'large_objects', string>>(
    `SELECT array_to_json(ARRAY(${SEQUENCES}))::text AS sequences, array_to_json(ARRAY(${TABLES}))::text AS tables,
            (${LARGE_OBJECTS(session.version)})::text AS large_objects`,
  )
  return {
    sequences: JSON.parse(row.sequences) as string[],
    tables: JSON.parse(row.tables) as string[],
    largeObjects: Number(row.large_objects),
  }
}
