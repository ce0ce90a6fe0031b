import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { Session } from '../session/session.ts'

/** A table that is not there cannot be written either. */
const WRITABLE = `
  SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE pg_catalog.has_schema_privilege($1::name, n.oid, 'USAGE')
     AND CASE c.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege($1::name, c.oid, 'UPDATE')
                        ELSE pg_catalog.has_table_privilege($1::name, c.oid, 'INSERT') END
     AND c.relkind IN ('r', 'p', 'S')
     AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`

/**
 * Those rows of extensions that `role` may not write into this database; undefined is the role of the
 * session.
 */
export async function readUnwritableRows(
  session: Session,
  rows: readonly ArchiveEntry[],
  role?: string,
): Promise<readonly ArchiveEntry[]> {
  const { user } = await session.row<{ user: string }>('SELECT current_user::text AS "user"')
  const found = await session.rows<{ schema: string; name: string }>(WRITABLE, [role ?? user])
  const writable = new Set(found.map(({ schema, name }) => JSON.stringify([schema, name])))
  return rows.filter(({ schema, name }) => !writable.has(JSON.stringify([schema, name])))
}
