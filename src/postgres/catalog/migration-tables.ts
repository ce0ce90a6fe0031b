import type { MigrationRow, MigrationTable, MigrationTables } from '../../core/migrations/migration-report.ts'
import type { MigrationTool } from '../../core/migrations/tool.ts'
import { OTHER_TOOLS, TOOLS } from '../../core/migrations/tools.ts'
import { quoteIdentifier, quoteTable } from '../../core/pg/quote.ts'
import { renderCount } from '../../core/text/bytes.ts'
import { withEmptySearchPath } from '../session/search-path.ts'
import type { Session } from '../session/session.ts'

/** How long to wait for a migration that has its own table locked; then DATABASE_LOCKED. */
const LOCK_TIMEOUT_MS = 5000
const STATEMENT_TIMEOUT_MS = 30_000
const MOST_ROWS = 100_000

/** Tables of these names that are not an extension's, with what this role may do with them. */
const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name,
         (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))::text AS readable,
         row_security_active(c.oid)::text AS hidden,
         (SELECT json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod))::text
            FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p')
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

type Found = Record<'schema' | 'name' | 'readable' | 'hidden' | 'columns', string>

/**
 * Reads the tables in which migration tools keep what they have applied, those that exist and have the shape that a known
 * tool gives them, in a read-only transaction. Columns that may hold messages or data are left alone. The session must
 * not be inside a transaction. Throws DATABASE_LOCKED where a running migration keeps its table locked.
 */
export async function readMigrationTables(session: Session): Promise<MigrationTables> {
  return await withEmptySearchPath(session, async () => {
    await session.rows(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`)
    await session.rows(`SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`)
    return await readTables(session)
  })
}

async function readTables(session: Session): Promise<MigrationTables> {
  const { database } = await session.row<{ database: string }>(
    'SELECT pg_catalog.current_database() AS database',
  )
  const names = [...new Set([...TOOLS.map(({ table }) => table), ...OTHER_TOOLS.keys()])]
  const tables: MigrationTable[] = []
  const gaps: string[] = []
  for (const found of await session.rows<Found>(TABLES, [names])) {
    const { schema, name } = found
    const other = OTHER_TOOLS.get(name)
    if (other !== undefined)
      gaps.push(`${schema}.${name} is of ${other}, whose migrations are not known here`)
    const columns = new Map<string, string>(Object.entries(JSON.parse(found.columns ?? '{}')))
    const tool = TOOLS.find(({ table, owns }) => table === name && owns(columns))
    if (tool === undefined) continue
    const rows = found.readable === 'true' ? await readRows(session, found, tool, columns) : []
    tables.push({ schema, name, columns, rows: rows.slice(0, MOST_ROWS) })
    gaps.push(...describeGaps(found, rows.length))
  }
  return { database: `database ${database}`, tables, gaps }
}

function readRows(
  session: Session,
  table: Found,
  tool: MigrationTool,
  columns: ReadonlyMap<string, string>,
): Promise<MigrationRow[]> {
  const selected = tool.columns
    .filter(column => columns.has(column))
    .map(column => `${quoteIdentifier(column)}::text AS ${quoteIdentifier(column)}`)
  return session.rows(`SELECT ${selected.join(', ')} FROM ${quoteTable(table)} LIMIT ${MOST_ROWS + 1}`)
}

function describeGaps({ schema, name, readable, hidden }: Found, rows: number): readonly string[] {
  if (readable !== 'true') return [`this role may not read ${schema}.${name}`]
  if (hidden === 'true') return [`row security hides rows of ${schema}.${name} from this role`]
  return rows > MOST_ROWS ? [`${schema}.${name} has more than ${renderCount(MOST_ROWS)} rows`] : []
}
