import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { quoteLiteral, quoteTable } from '../../core/pg/quote.ts'

/**
 * SQL for psql that removes the rows of some tables. Other tables that refer to them make it fail, which is
 * right: CASCADE would empty those. So would a partitioned table that refers to them: it is named too where
 * all its partitions are, and has no rows of its own.
 */
export function truncateSql(tables: readonly QualifiedName[]): string {
  const names = tables.map(table => quoteLiteral(quoteTable(table))).join(', ')
  return `WITH chosen AS (SELECT x::regclass AS oid FROM unnest(ARRAY[${names}]) AS x),
leaf AS (SELECT p.oid::regclass AS parent, t.relid IN (SELECT c.oid FROM chosen c) AS is_chosen
  FROM pg_catalog.pg_class p CROSS JOIN LATERAL pg_partition_tree(p.oid) AS t WHERE p.relkind = 'p' AND t.isleaf
   AND EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conrelid = p.oid))
SELECT 'TRUNCATE ' || string_agg(name, ', ') FROM (SELECT 'ONLY ' || oid::text AS name FROM chosen
  UNION ALL SELECT parent::text FROM leaf GROUP BY parent HAVING bool_and(is_chosen)) AS named
\\gexec`
}
