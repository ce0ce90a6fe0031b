import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { quoteTable } from '../../core/pg/quote.ts'
import { UNSAFE_KEYS } from '../catalog/moving-rows.ts'
import type { Session } from '../session/session.ts'

/**
 * Chosen partitions of a tree that is not chosen as a whole, below a hash key whose hash is another one in
 * every database.
 */
const UNSTABLE = `
  WITH RECURSIVE ${UNSAFE_KEYS},
  chosen AS (SELECT to_regclass(x)::oid AS oid FROM unnest($1::text[]) AS x)
  SELECT n.nspname AS schema, c.relname AS name
    FROM chosen JOIN pg_catalog.pg_class c ON c.oid = chosen.oid AND c.relispartition
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE EXISTS (SELECT FROM pg_partition_ancestors(c.oid) AS a
                   JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = a.relid AND p.partstrat = 'h'
                   JOIN unsafe u ON u.partrelid = p.partrelid)
     AND EXISTS (SELECT FROM pg_partition_tree(pg_partition_root(c.oid)) AS t
                  WHERE t.isleaf AND t.relid::oid NOT IN (SELECT o.oid FROM chosen o WHERE o.oid IS NOT NULL))
   ORDER BY 1, 2`

export async function readUnstablePartitions(
  session: Session,
  tables: readonly QualifiedName[],
): Promise<readonly QualifiedName[]> {
  return await session.rows<{ schema: string; name: string }>(UNSTABLE, [tables.map(quoteTable)])
}
