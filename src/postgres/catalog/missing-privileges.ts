import type { Session } from '../session/session.ts'
import { CONFIGURATION, isDumped } from './extension-members.ts'

/**
 * Sequences, large objects and configuration tables of extensions that a full dump holds and that this role may not read.
 */
export async function readUnreadable(
  session: Session,
): Promise<{ sequences: readonly string[]; tables: readonly string[]; largeObjects: number }> {
  const sequences = await session.rows<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_catalog.pg_sequence s
      JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname !~ '^pg_' AND NOT has_sequence_privilege(s.seqrelid, 'SELECT')
       AND ${isDumped('s.seqrelid')}
     ORDER BY 1`)
  const tables = await session.rows<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (${CONFIGURATION}) AND c.relkind IN ('r', 'p')
       AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')) ORDER BY 1`)
  const found = { sequences: sequences.map(row => row.name), tables: tables.map(row => row.name) }
  const { server } = await session.row<{ server: string }>(
    "SELECT current_setting('server_version_num') AS server",
  )
  // has_largeobject_privilege is new in 18; below, pg_dump itself is the first to tell.
  if (Number(server) < 180_000) return { ...found, largeObjects: 0 }
  const { count } = await session.row<{ count: string }>(
    "SELECT count(*)::text AS count FROM pg_catalog.pg_largeobject_metadata WHERE NOT has_largeobject_privilege(oid, 'SELECT')",
  )
  return { ...found, largeObjects: Number(count) }
}
