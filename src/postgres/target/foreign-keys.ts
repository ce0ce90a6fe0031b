import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { quoteTable } from '../../core/pg/quote.ts'
import type { ForeignKey } from '../../core/restore/foreign-key-order.ts'
import type { Session } from '../session/session.ts'

/** A reference of or to a partitioned table is one of or to each of its partitions. */
const FOREIGN_KEYS = `
  WITH chosen AS (SELECT n.nspname AS schema, c.relname AS name, coalesce(pg_partition_root(c.oid)::oid, c.oid) AS root
                    FROM unnest($1::text[]) AS x
                    JOIN pg_catalog.pg_class c ON c.oid = to_regclass(x)::oid
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace)
  SELECT DISTINCT f.schema AS from_schema, f.name AS from_name, t.schema AS to_schema, t.name AS to_name
    FROM pg_catalog.pg_constraint k
    JOIN chosen f ON f.root = coalesce(pg_partition_root(k.conrelid)::oid, k.conrelid)
    JOIN chosen t ON t.root = coalesce(pg_partition_root(k.confrelid)::oid, k.confrelid)
   WHERE k.contype = 'f' AND f.root <> t.root
   ORDER BY 1, 2, 3, 4`

/** Which of these tables refer to which, as far as they are there. */
export async function readForeignKeys(
  session: Session,
  tables: readonly QualifiedName[],
): Promise<readonly ForeignKey[]> {
  const rows = await session.rows<Record<'from_schema' | 'from_name' | 'to_schema' | 'to_name', string>>(
    FOREIGN_KEYS,
    [tables.map(quoteTable)],
  )
  return rows.map(row => ({
    from: { schema: row.from_schema, name: row.from_name },
    to: { schema: row.to_schema, name: row.to_name },
  }))
}

/** TRUNCATE refuses tables that others refer to, a partitioned one where not all its leaves are chosen. */
const REFERRING = `
  WITH chosen AS (SELECT to_regclass(x)::oid AS oid FROM unnest($1::text[]) AS x)
  SELECT DISTINCT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE k.contype = 'f' AND k.confrelid IN (SELECT oid FROM chosen)
     AND c.oid NOT IN (SELECT o.oid FROM chosen o WHERE o.oid IS NOT NULL)
     AND (c.relkind <> 'p' OR EXISTS (SELECT FROM pg_partition_tree(c.oid) AS t
          WHERE t.isleaf AND t.relid::oid NOT IN (SELECT o.oid FROM chosen o WHERE o.oid IS NOT NULL)))
   ORDER BY 1, 2`

/** The tables that refer to these and are none of them. */
export async function readReferringTables(
  session: Session,
  tables: readonly QualifiedName[],
): Promise<readonly QualifiedName[]> {
  return await session.rows<{ schema: string; name: string }>(REFERRING, [tables.map(quoteTable)])
}
