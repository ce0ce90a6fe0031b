import type { MigrationRow, MigrationTable, MigrationTables } from '../../core/migrations/migration-report.ts'
import { recogniseTable, TELLING_COLUMNS, TELLING_NAME } from '../../core/migrations/recognise-table.ts'
import { TOOLS } from '../../core/migrations/tools.ts'
import { quoteIdentifier, quoteTable } from '../../core/pg/quote.ts'
import { renderCount } from '../../core/text/bytes.ts'
import { readInTransaction } from '../session/search-path.ts'
import type { Session } from '../session/session.ts'

/** How long to wait for a migration that has its own table locked; then DATABASE_LOCKED. */
const LOCK_TIMEOUT_MS = 5000
const STATEMENT_TIMEOUT_MS = 30_000
const MOST_ROWS = 100_000

/**
 * Tables that may list migrations, by their name or a column, with what this role may do with them. Tables
 * of extensions are left out.
 */
const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name,
         (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))::text AS readable,
         row_security_active(c.oid)::text AS hidden,
         (SELECT json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod))::text
            FROM pg_catalog.pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
     AND (c.relname = ANY ($1) OR c.relname ~* $2
       OR EXISTS (SELECT FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attname = ANY ($3) AND NOT a.attisdropped))
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`

type FoundTable = Record<'schema' | 'name' | 'readable' | 'hidden' | 'columns', string>

/**
 * Reads the tables in which migration tools keep what they have applied, and names those that look like one,
 * in a read-only transaction. Columns that may hold messages or data are not read. The session must not be
 * inside a transaction. Throws DATABASE_LOCKED where a running migration keeps its table locked.
 */
export async function readMigrationTables(session: Session): Promise<MigrationTables> {
  return await readInTransaction(session, () => readTables(session), [
    `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`,
    `SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
    // Times are compared as texts.
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO'",
  ])
}

async function readTables(session: Session): Promise<MigrationTables> {
  const { database } = await session.row<{ database: string }>(
    'SELECT pg_catalog.current_database() AS database',
  )
  const names = [...new Set(TOOLS.map(({ table }) => table))]
  const tables: MigrationTable[] = []
  const gaps: string[] = []
  for (const found of await session.rows<FoundTable>(TABLES, [names, TELLING_NAME, TELLING_COLUMNS])) {
    const { schema, name } = found
    const columns = new Map<string, string>(Object.entries(JSON.parse(found.columns ?? '{}')))
    const recognised = recogniseTable({ schema, name, columns })
    if (recognised === undefined) continue
    const wanted = recognised.kind === 'known' ? recognised.tools.flatMap(tool => tool.columns) : []
    const selected = [...new Set(wanted)].filter(column => columns.has(column))
    // Row security would be an error here, or else call functions of the table's owner.
    const mayRead = found.readable === 'true' && found.hidden !== 'true'
    const isRead = selected.length > 0 && mayRead
    const rows = isRead ? await readRows(session, found, selected) : []
    tables.push({ schema, name, columns, rows: rows.slice(0, MOST_ROWS) })
    if (recognised.kind === 'known') gaps.push(...describeGaps(found, rows.length))
  }
  return { database: `database ${database}`, tables, gaps }
}

function readRows(session: Session, table: FoundTable, columns: readonly string[]): Promise<MigrationRow[]> {
  const selected = columns.map(column => `${quoteIdentifier(column)}::text AS ${quoteIdentifier(column)}`)
  return session.rows(`SELECT ${selected.join(', ')} FROM ${quoteTable(table)} LIMIT ${MOST_ROWS + 1}`)
}

function describeGaps({ schema, name, readable, hidden }: FoundTable, rows: number): readonly string[] {
  if (readable !== 'true') return [`this role may not read ${schema}.${name}`]
  if (hidden === 'true') return [`row security hides rows of ${schema}.${name} from this role`]
  return rows > MOST_ROWS ? [`${schema}.${name} has more than ${renderCount(MOST_ROWS)} rows`] : []
}
