import { keyOf, type QualifiedName } from '../../core/pg/qualified-name.ts'
import type { TableColumns } from '../../core/restore/copy-back.ts'
import type { Session } from '../session/session.ts'

/** Ordinary tables with rows to copy: of the users' own schemas, and no members of an extension. */
const COLUMNS = `
  SELECT n.nspname AS schema, c.relname AS name, pg_catalog.json_agg(a.attname ORDER BY a.attnum)::text AS columns
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
   WHERE c.relkind = 'r'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   GROUP BY 1, 2 ORDER BY 1, 2`

/** The columns of these tables that rows are copied by, or of all tables. */
export async function readColumns(
  session: Session,
  tables: readonly QualifiedName[] | undefined,
): Promise<readonly TableColumns[]> {
  const rows = await session.rows<Record<'schema' | 'name' | 'columns', string>>(COLUMNS)
  const chosen = tables && new Set(tables.map(keyOf))
  return rows
    .filter(row => chosen?.has(keyOf(row)) ?? true)
    .map(({ schema, name, columns }) => ({ schema, name, columns: JSON.parse(columns) as string[] }))
}
