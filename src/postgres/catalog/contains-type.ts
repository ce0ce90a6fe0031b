/**
 * A query of the oids of all types that contain one of those that `base`, a condition on pg_type t, chooses:
 * arrays, domains, composites, ranges and multiranges of them, at any depth, and these types themselves. Each
 * depth is one join with all pairs: nothing has an index by what a type contains, so a look for each type
 * would scan the columns of all tables once per table.
 */
export function typesContaining(base: string): string {
  return `
  WITH RECURSIVE containing (oid) AS (
    SELECT t.oid FROM pg_catalog.pg_type t WHERE ${base}
    UNION
    SELECT pair.whole FROM containing c JOIN (
      SELECT t.oid AS whole, t.typelem AS part FROM pg_catalog.pg_type t WHERE t.typelem <> 0 AND t.typcategory = 'A'
      UNION ALL SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
      UNION ALL SELECT r.rngtypid, r.rngsubtype FROM pg_catalog.pg_range r
      UNION ALL SELECT r.rngmultitypid, r.rngsubtype FROM pg_catalog.pg_range r
      UNION ALL SELECT k.reltype, a.atttypid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class k ON k.oid = a.attrelid
                 WHERE a.attnum > 0 AND NOT a.attisdropped AND k.reltype <> 0
    ) AS pair ON pair.part = c.oid
  )
  SELECT oid FROM containing`
}
