import { type NamePattern, parseNamePattern } from '../../core/pg/name-pattern.ts'
import { emptySearchPath } from '../session/search-path.ts'
import type { Session } from '../session/session.ts'
import { isDumped } from './extension-members.ts'

/** A table whose rows a dump contains, or the partitioned parent of some. */
export interface Table {
  readonly oid: string
  readonly schema: string
  readonly name: string
  /** A partitioned table has no rows of its own. */
  readonly isPartitioned: boolean
  readonly isUnlogged: boolean
  /**
   * Where it is a configuration table of an extension: of which, and which of its rows are dumped, as a WHERE
   * clause or the empty text.
   */
  readonly configures: { readonly extension: string; readonly condition: string } | null
}

/** A table, and what keeps this role from dumping it whole. */
export interface TableAccess extends Table {
  readonly mayRead: boolean
  readonly mayUseSchema: boolean
  /** Row security would hide rows from this role. */
  readonly rowsHidden: boolean
}

/** What a dump is narrowed to; empty lists mean everything. */
export interface DumpSelection {
  readonly tables: readonly NamePattern[]
  readonly excludeTables: readonly NamePattern[]
  readonly schemas: readonly NamePattern[]
}

/** Of everything. */
export const EVERYTHING: DumpSelection = { tables: [], excludeTables: [], schemas: [] }

/**
 * Tables that pg_dump dumps with data: ordinary and partitioned ones, not of the system, and on a standby
 * none that are unlogged. Source: selectDumpableTable and getTables in pg_dump.c. Of what was dropped since
 * the statement began no right is known (NULL), and none is lacking.
 */
const TABLES = `
  SELECT c.oid, n.nspname AS schema, c.relname AS name, (c.relkind = 'p')::text AS is_partitioned,
         (c.relkind = 'p' OR coalesce(has_table_privilege(c.oid, 'SELECT'), true))::text AS may_read,
         coalesce(has_schema_privilege(n.oid, 'USAGE'), true)::text AS may_use_schema,
         row_security_active(c.oid)::text AS rows_hidden, (c.relpersistence = 'u')::text AS is_unlogged,
         config.extension, config.condition
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN LATERAL (SELECT e.extname AS extension, e.extcondition[array_position(e.extconfig, c.oid)] AS condition
                         FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)) AS config ON true
   WHERE c.relkind IN ('r', 'p')
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery())
     AND ${isDumped('c.oid')}`

/**
 * The tables that match one pattern, with their partitions and children, as --table-and-children has it. It
 * runs on the search path of the database, which decides what a name without a schema means: so every
 * operator has its schema.
 */
const MATCHING = `
  WITH RECURSIVE matched AS (
    SELECT c.oid
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
     WHERE c.relname OPERATOR(pg_catalog.~) $2 COLLATE pg_catalog.default
       AND CASE WHEN $1::pg_catalog.text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
                ELSE n.nspname OPERATOR(pg_catalog.~) $1 COLLATE pg_catalog.default END
    UNION
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN matched m ON m.oid OPERATOR(pg_catalog.=) i.inhparent
  )
  SELECT oid FROM matched`

/**
 * The tables of a schema; where that belongs to an extension, without the extension's own
 * (checkExtensionMembership in pg_dump.c).
 */
const SCHEMA_TABLES = `
  SELECT c.oid
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname OPERATOR(pg_catalog.~) $1 COLLATE pg_catalog.default
     AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_depend t, pg_catalog.pg_depend s
        WHERE t.classid = 'pg_catalog.pg_class'::regclass AND t.objid = c.oid AND t.deptype = 'e'
          AND s.classid = 'pg_catalog.pg_namespace'::regclass AND s.objid = n.oid AND s.deptype = 'e')`

type TableRow = Record<'oid' | 'schema' | 'name' | 'is_partitioned' | 'is_unlogged', string> &
  Record<'may_read' | 'may_use_schema' | 'rows_hidden', string> &
  Record<'extension' | 'condition', string | null>

/** Every table that a dump with this selection will hold, sorted by schema and name. */
export async function readTables(
  session: Session,
  selection: DumpSelection,
): Promise<readonly TableAccess[]> {
  const rows = await session.rows<TableRow>(`${TABLES} ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`)
  const selected = await matchSelection(session, selection)
  return rows
    .filter(row => selected(row.oid))
    .map(row => ({
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      isPartitioned: row.is_partitioned === 'true',
      isUnlogged: row.is_unlogged === 'true',
      configures:
        row.extension === null ? null : { extension: row.extension, condition: row.condition ?? '' },
      mayRead: row.may_read === 'true',
      mayUseSchema: row.may_use_schema === 'true',
      rowsHidden: row.rows_hidden === 'true',
    }))
}

/** As pg_dump combines them: tables choose, or else schemas, and exclude-tables takes away. */
async function matchSelection(session: Session, selection: DumpSelection): Promise<(oid: string) => boolean> {
  const { tables, excludeTables, schemas } = selection
  const wanted = new Set<string>()
  for (const pattern of tables) await collectMatching(session, pattern, wanted)
  for (const pattern of tables.length > 0 ? [] : schemas)
    await collect(session, SCHEMA_TABLES, [pattern.name], wanted)
  const unwanted = new Set<string>()
  for (const pattern of excludeTables) await collectMatching(session, pattern, unwanted)
  const everything = tables.length === 0 && schemas.length === 0
  return oid => (everything || wanted.has(oid)) && !unwanted.has(oid)
}

/** Those of the patterns that no table matches. */
export async function findUnmatched(
  session: Session,
  patterns: readonly string[],
): Promise<readonly string[]> {
  const unmatched: string[] = []
  for (const pattern of patterns) {
    const matching = new Set<string>()
    await collectMatching(session, parseNamePattern(pattern), matching)
    if (matching.size === 0) unmatched.push(pattern)
  }
  return unmatched
}

async function collectMatching(
  session: Session,
  { schema, name }: NamePattern,
  into: Set<string>,
): Promise<void> {
  await session.rows('RESET search_path')
  await collect(session, MATCHING, [schema ?? null, name], into)
  await emptySearchPath(session)
}

async function collect(
  session: Session,
  sql: string,
  values: readonly unknown[],
  into: Set<string>,
): Promise<void> {
  for (const { oid } of await session.rows<{ oid: string }>(sql, values)) into.add(oid)
}
