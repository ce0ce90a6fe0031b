import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { quoteTable } from '../../core/pg/quote.ts'
import type { RowTrigger } from '../../core/restore/row-trigger.ts'
import type { Session } from '../session/session.ts'

/** The chosen tables, and the parents whose statement triggers fire with them. */
const CHOSEN = `
  chosen AS (SELECT to_regclass(x)::oid AS oid FROM unnest($1::text[]) AS x),
  parents AS (SELECT DISTINCT a.relid::oid AS oid FROM chosen c CROSS JOIN LATERAL pg_partition_ancestors(c.oid) AS a
               WHERE a.relid::oid NOT IN (SELECT oid FROM chosen))`

/**
 * Users' triggers that fire in this session on INSERT or TRUNCATE (tgtype: 1 for each row, 4 INSERT, 32
 * TRUNCATE). Row triggers of a partitioned parent are in each of its partitions; its statement triggers fire
 * for the parent itself.
 */
const TRIGGERS = `
  WITH ${CHOSEN}
  SELECT n.nspname AS schema, c.relname AS name, t.tgname AS trigger, t.tgenabled::text AS state,
         (t.tgtype::int & 4 <> 0)::text AS inserts
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT t.tgisinternal AND (t.tgtype::int & 36) <> 0
     AND t.tgenabled IN ('A', CASE current_setting('session_replication_role') WHEN 'replica' THEN 'R' ELSE 'O' END)
     AND (c.oid IN (SELECT oid FROM chosen) OR c.oid IN (SELECT oid FROM parents) AND t.tgtype::int & 1 = 0)
   ORDER BY 1, 2, 3`

/** The triggers that rows meet when they replace those of these tables, or are inserted into them. */
export async function readRowTriggers(
  session: Session,
  tables: readonly QualifiedName[],
): Promise<readonly RowTrigger[]> {
  const rows = await session.rows<{
    schema: string
    name: string
    trigger: string
    state: RowTrigger['state']
    inserts: string
  }>(TRIGGERS, [tables.map(quoteTable)])
  return rows.map(({ schema, name, trigger, state, inserts }) => ({
    table: { schema, name },
    name: trigger,
    state,
    firesOnInsert: inserts === 'true',
  }))
}

/** Materialised views that read a table, through any number of views. */
const READERS = `
  WITH RECURSIVE ${CHOSEN},
  reader (oid) AS (
    SELECT oid FROM chosen UNION SELECT oid FROM parents
    UNION
    SELECT w.ev_class FROM reader r
      JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = r.oid
                                 AND d.classid = 'pg_catalog.pg_rewrite'::regclass
      JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid AND w.ev_class <> r.oid)
  SELECT n.nspname AS schema, c.relname AS name FROM reader r
    JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind = 'm'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY 1, 2`

/** The materialised views that show the old rows after those of these tables were replaced. */
export async function readStaleViews(
  session: Session,
  tables: readonly QualifiedName[],
): Promise<readonly QualifiedName[]> {
  return await session.rows<{ schema: string; name: string }>(READERS, [tables.map(quoteTable)])
}
