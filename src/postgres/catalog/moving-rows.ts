import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import type { Session } from '../session/session.ts'
import { typesContaining } from './contains-type.ts'
import type { Table } from './tables.ts'

/** Partitioned tables whose rows a restore may put into other partitions than they came from. */
export interface MovingRows {
  /** The partitioned table, by the oid of each of its partitions that hold rows. */
  readonly roots: ReadonlyMap<string, QualifiedName>
  /** pg_dump needs the option: by itself it finds only hash keys that are enums themselves. */
  readonly mustLoadViaRoot: boolean
}

/** Types whose hash is that of an oid, which is another one after a restore. */
const HASHED_BY_OID = `t.typtype = 'e' OR t.oid IN ('regclass'::regtype, 'regcollation'::regtype, 'regconfig'::regtype, 'regdictionary'::regtype,
  'regnamespace'::regtype, 'regoper'::regtype, 'regoperator'::regtype, 'regproc'::regtype, 'regprocedure'::regtype, 'regrole'::regtype, 'regtype'::regtype)`

/** Collations that sort by code points, on every machine: C, and what the builtin provider has. */
const SORTS_ALIKE = `(
  SELECT l.oid FROM pg_catalog.pg_collation l, pg_catalog.pg_database d
   WHERE d.datname = current_database()
     AND CASE l.collprovider WHEN 'd' THEN d.datlocprovider ELSE l.collprovider END::text || ' ' ||
         coalesce(CASE l.collprovider WHEN 'd' THEN d.datcollate ELSE l.collcollate END, '') ~* '^(b .*|c (C|POSIX|C\\.utf-?8))$')`

/**
 * Where a row belongs depends on the server: hash keys that contain enums or other oids, at any depth, and
 * text ranges under a collation of the machine's. A key that is an expression counts where its operator class
 * takes any array, row or range. Source: getPartitioningInfo in pg_dump.c, which knows the first kind.
 */
export const UNSAFE_KEYS = `by_oid AS (${typesContaining(HASHED_BY_OID)}),
  unsafe AS (
    SELECT p.partrelid, p.partstrat = 'h' AND EXISTS (
             SELECT FROM pg_catalog.pg_opclass o WHERE o.oid = ANY (p.partclass::oid[]) AND o.opcname = 'enum_ops' AND o.opcnamespace = 'pg_catalog'::regnamespace) AS is_known
      FROM pg_catalog.pg_partitioned_table p
     WHERE p.partstrat = 'h' AND (
             EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[]) AND a.attnum > 0
                        AND a.atttypid IN (SELECT oid FROM by_oid))
             OR 0 = ANY (p.partattrs::int2[]) AND EXISTS (
                  SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_type t ON t.oid = o.opcintype
                   WHERE o.oid = ANY (p.partclass::oid[]) AND (t.typtype = 'p' OR t.oid IN (SELECT oid FROM by_oid))))
        OR EXISTS (SELECT FROM unnest(p.partcollation::oid[]) AS k JOIN pg_catalog.pg_collation l ON l.oid = k
                    WHERE p.partstrat = 'r' AND l.oid NOT IN ${SORTS_ALIKE} OR to_jsonb(l) ->> 'collisdeterministic' = 'false'))`

const TREES = `
  WITH RECURSIVE ${UNSAFE_KEYS},
  tree AS (
    SELECT pg_partition_root(partrelid) AS root, pg_partition_root(partrelid)::oid AS oid, is_known FROM unsafe
    UNION
    SELECT t.root, i.inhrelid, t.is_known FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid)
  SELECT tree.oid::text AS oid, n.nspname AS schema, r.relname AS name, bool_and(tree.is_known)::text AS is_known
    FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid AND c.relkind = 'r'
    JOIN pg_catalog.pg_class r ON r.oid = tree.root JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
   GROUP BY 1, 2, 3`

/** Of the tables of a dump. Asks nothing where none of them is partitioned. */
export async function readMovingRows(session: Session, tables: readonly Table[]): Promise<MovingRows> {
  if (!tables.some(({ isPartitioned }) => isPartitioned)) return { roots: new Map(), mustLoadViaRoot: false }
  const dumped = new Set(tables.map(({ oid }) => oid))
  const rows = await session.rows<Record<'oid' | 'schema' | 'name' | 'is_known', string>>(TREES)
  const found = rows.filter(({ oid }) => dumped.has(oid))
  return {
    roots: new Map(found.map(({ oid, schema, name }) => [oid, { schema, name }])),
    mustLoadViaRoot: found.some(({ is_known }) => is_known !== 'true'),
  }
}
