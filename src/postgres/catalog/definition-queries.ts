/** Schemas of the users, and their relations that do not belong to an extension. */
const OWN = `
  WITH ns AS (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
       member AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'),
       rel AS (SELECT c.*, format('%I.%I', ns.nspname, c.relname) AS title FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
                WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_class'::regclass AND m.objid = c.oid)),
       typ AS (SELECT t.*, format('%I.%I', ns.nspname, t.typname) AS title FROM pg_catalog.pg_type t JOIN ns ON ns.oid = t.typnamespace
                WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_type'::regclass AND m.objid = t.oid))`

/** A type as PostgreSQL writes it behind a cast. Names that are not plain are in quotes. */
const NAME = '("([^"]|"")*"|[a-z_][a-z0-9_$]*)'
const TYPE = `(character varying|bit varying|double precision|(timestamp|time)(\\(\\d\\))? with(out)? time zone|${NAME}(\\.${NAME})?)`
const LEFT_OUT = `$re$::${TYPE}(\\(\\d+(,\\d+)?\\))?(\\[\\])*|[()\\s]$re$`

/** In ASCII text these are all that LEFT_OUT names, where no cast is left. */
const BLANKS_AND_PARENTHESES = "E'() \\t\\n\\r\\f\\x0b'"

/**
 * SQL for an expression without its casts, parentheses and blanks. PostgreSQL does not write every expression
 * again as it was after a restore: `(ARRAY['a'::varchar])::text[]` of `status IN ('a')` comes back as
 * `ARRAY[('a'::varchar)::text]`. The regular expression takes longer than all else that is read of a table:
 * ASCII text without casts, or with those of `nextval('s'::regclass)` and the like, does without it.
 */
export function bareExpression(expression: string): string {
  return `(
    SELECT CASE WHEN strpos(few.text, '::') = 0 AND octet_length(few.text) = length(few.text)
                THEN translate(few.text, ${BLANKS_AND_PARENTHESES}, '')
                ELSE regexp_replace(written.text, ${LEFT_OUT}, '', 'g') END
      FROM (SELECT ${expression} AS text OFFSET 0) AS written,
           LATERAL (SELECT replace(replace(written.text, '::regclass)', ')'), '::text)', ')') AS text OFFSET 0) AS few)`
}

const sorted = (array: string) =>
  `(SELECT string_agg(x, ',' ORDER BY x COLLATE "C") FROM unnest(${array}) AS x)`

const collation = (oid: string) =>
  `(SELECT format('%I.%I', n.nspname, l.collname) FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = ${oid})`

/**
 * By name: a restore gives inherited columns another order. NOT NULL is a constraint in 18, whose name a
 * restore may choose. Partitions of partitions come back without the identity of their columns (measured with
 * 18.6), which is their parent's.
 */
const columns = (relation: string, version: number) => `(
  SELECT string_agg(ROW(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           CASE WHEN c.relispartition THEN '' ELSE a.attidentity END, ${version >= 120_000 ? 'a.attgenerated' : "''"},
           ${collation('a.attcollation')}, ${bareExpression('pg_get_expr(f.adbin, f.adrelid)')})::text, ',' ORDER BY a.attname COLLATE "C")
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
   WHERE a.attrelid = ${relation} AND a.attnum > 0 AND NOT a.attisdropped)`

/**
 * What is compared of each kind: the name of the object and the text that defines it, owners, grants and
 * tablespaces left out.
 */
const KINDS = (version: number): Readonly<Record<string, string>> => ({
  table: `SELECT title, ROW(relkind, relpersistence, relreplident, reloftype::regtype, ${sorted('reloptions')}, pg_get_partkeydef(oid))::text
            FROM rel WHERE relkind IN ('r', 'p', 'f')`,
  columns: `SELECT title, ${columns('rel.oid', version)} FROM rel WHERE relkind IN ('r', 'p', 'f', 'v', 'm')`,
  'row security': `SELECT title, relforcerowsecurity::text FROM rel WHERE relrowsecurity OR relforcerowsecurity`,
  inheritance: `SELECT format('%s of %s', rel.title, parent.title), pg_get_expr(rel.relpartbound, rel.oid)
                  FROM pg_catalog.pg_inherits i JOIN rel ON rel.oid = i.inhrelid JOIN rel AS parent ON parent.oid = i.inhparent
                 WHERE rel.relkind IN ('r', 'p', 'f')`,
  // pg_dump leaves invalid ones out.
  index: `SELECT own.title, ROW(${bareExpression('pg_get_indexdef(i.indexrelid)')}, i.indisprimary, i.indisclustered, i.indisreplident)::text
            FROM pg_catalog.pg_index i JOIN rel ON rel.oid = i.indrelid JOIN rel AS own ON own.oid = i.indexrelid WHERE i.indisvalid`,
  // Those of partitions that come with their parent's get a new name.
  constraint: `SELECT format('%I on %s', k.conname, rel.title), ${bareExpression('pg_get_constraintdef(k.oid)')}
                 FROM pg_catalog.pg_constraint k JOIN rel ON rel.oid = k.conrelid WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND k.conparentid = 0`,
  'domain constraint': `SELECT format('%I on %s', k.conname, typ.title), ${bareExpression('pg_get_constraintdef(k.oid)')}
                          FROM pg_catalog.pg_constraint k JOIN typ ON typ.oid = k.contypid WHERE k.contype = 'c'`,
  trigger: `SELECT format('%I on %s', t.tgname, rel.title), ROW(${bareExpression('pg_get_triggerdef(t.oid)')}, t.tgenabled)::text
              FROM pg_catalog.pg_trigger t JOIN rel ON rel.oid = t.tgrelid WHERE NOT t.tgisinternal`,
  rule: `SELECT format('%I on %s', r.rulename, rel.title), ROW(${bareExpression('pg_get_ruledef(r.oid)')}, r.ev_enabled)::text
           FROM pg_catalog.pg_rewrite r JOIN rel ON rel.oid = r.ev_class WHERE r.rulename <> '_RETURN'`,
  policy: `SELECT format('%I on %s', y.polname, rel.title), ROW(y.polcmd, y.polpermissive, ${sorted('ARRAY(SELECT rolname FROM pg_catalog.pg_roles WHERE oid = ANY (y.polroles))')},
                  ${bareExpression('pg_get_expr(y.polqual, y.polrelid)')}, ${bareExpression('pg_get_expr(y.polwithcheck, y.polrelid)')})::text
             FROM pg_catalog.pg_policy y JOIN rel ON rel.oid = y.polrelid`,
  view: `SELECT title, ROW(relkind, ${sorted('reloptions')}, ${bareExpression('pg_get_viewdef(oid)')})::text FROM rel WHERE relkind IN ('v', 'm')`,
  'filled materialised view': `SELECT title, '' FROM rel WHERE relkind = 'm' AND relispopulated`,
  function: `SELECT p.oid::regprocedure::text, ROW(p.prosrc, p.probin, ${version >= 140_000 ? bareExpression('pg_get_function_sqlbody(p.oid)') : 'NULL'}, pg_get_function_result(p.oid),
                    ${bareExpression('pg_get_function_arguments(p.oid)')}, l.lanname, p.prokind, p.provolatile, p.proisstrict, p.prosecdef, p.proleakproof, p.proparallel,
                    p.procost, p.prorows, regexp_replace(${sorted('p.proconfig')}, '[" ]', '', 'g'))::text
               FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
              WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid)`,
  // Not those of tables and of arrays, which come by themselves.
  type: `SELECT typ.title, ROW(typ.typtype, typ.typnotnull, format_type(nullif(typ.typbasetype, 0), typ.typtypmod), ${collation('typ.typcollation')},
                ${bareExpression("pg_get_expr(typ.typdefaultbin, 'pg_catalog.pg_type'::regclass)")},
                (SELECT string_agg(e.enumlabel, E'\\n' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = typ.oid),
                (SELECT ROW(g.rngsubtype::regtype, ${collation('g.rngcollation')}) FROM pg_catalog.pg_range g WHERE g.rngtypid = typ.oid),
                ${columns('typ.typrelid', version)})::text
           FROM typ LEFT JOIN pg_catalog.pg_class c ON c.oid = typ.typrelid
          WHERE (typ.typrelid = 0 OR c.relkind = 'c') AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = typ.oid)`,
  sequence: `SELECT rel.title, ROW(s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
                    -- Not joined with rel: a sub-select would scan that once for each sequence.
                    (SELECT format('%I.%I', format('%I.%I', tn.nspname, t.relname), a.attname)
                       FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
                       JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
                       JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = rel.oid AND d.deptype IN ('a', 'i')))::text
               FROM pg_catalog.pg_sequence s JOIN rel ON rel.oid = s.seqrelid`,
})

/** A row for each object takes many times the memory of what it says. */
const OBJECTS_PER_ROW = 1000

/**
 * Name and hash (16 hex digits) of every object, sorted: a thousand of one kind in a row, as a JSON list of
 * pairs. For a server of that version (server_version_num), which must be 11 at least.
 */
export function definitionsQuery(version: number): string {
  const branches = Object.entries(KINDS(version)).map(
    ([kind, query]) =>
      `SELECT '${kind}' AS kind, q.name, lpad(to_hex(hashtextextended(coalesce(q.definition, '') COLLATE "C", 0)), 16, '0') AS hash FROM (${query}) AS q(name, definition)`,
  )
  return `${OWN}
    SELECT kind, json_agg(json_build_array(name, hash) ORDER BY name COLLATE "C")::text AS pairs, count(*)::text AS count
      FROM (SELECT *, (row_number() OVER (PARTITION BY kind ORDER BY name COLLATE "C") - 1) / ${OBJECTS_PER_ROW} AS part
              FROM (${branches.join(' UNION ALL ')}) AS found) AS numbered
     GROUP BY kind, part ORDER BY kind COLLATE "C", part`
}
