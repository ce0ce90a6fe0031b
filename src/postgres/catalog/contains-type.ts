/**
 * A query of the oids of all types that contain one of those that `base`, a condition on pg_type t, chooses:
 * arrays, domains, composites, ranges and multiranges of them, at any depth, and these types themselves.
 */
export function typesContaining(base: string): string {
  return `
  WITH RECURSIVE containing (oid) AS (
    SELECT t.oid FROM pg_catalog.pg_type t WHERE ${base}
    UNION
    SELECT o.oid FROM containing c JOIN LATERAL (
      SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typelem = c.oid AND t.typcategory = 'A'
      UNION ALL SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typtype = 'd' AND t.typbasetype = c.oid
      UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = c.oid
      UNION ALL SELECT r.rngmultitypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = c.oid
      UNION ALL SELECT k.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class k ON k.oid = a.attrelid
                 WHERE a.atttypid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND k.reltype <> 0
    ) AS o ON true
  )
  SELECT oid FROM containing`
}
