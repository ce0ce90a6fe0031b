import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { quoteTable } from '../../core/pg/quote.ts'
import { renderName } from '../../core/text/counts.ts'
import type { Session } from '../session/session.ts'

/** Enabled triggers of the users' own that fire when rows are put in or removed (tgtype: 4 INSERT, 8 DELETE, 32 TRUNCATE). */
const TRIGGERS = `
  SELECT n.nspname AS schema, c.relname AS name, t.tgname AS trigger
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND (t.tgtype::int & 36) <> 0
     AND c.oid = ANY (SELECT to_regclass(x)::oid FROM unnest($1::text[]) AS x)
   ORDER BY 1, 2, 3`

/** `logi_audit_events: logi_audit_worm_table` for each trigger that rows meet when they replace others. */
export async function readRowTriggers(
  session: Session,
  tables: readonly QualifiedName[],
): Promise<readonly string[]> {
  const rows = await session.rows<Record<'schema' | 'name' | 'trigger', string>>(TRIGGERS, [
    tables.map(quoteTable),
  ])
  return rows.map(row => `${renderName(row)}: ${row.trigger}`)
}
