import type {
  Criterion,
  ExtensionCriterion,
  Measurement,
  NewestCriterion,
  QueryCriterion,
  TableMember,
  TableName,
} from '../../core/criteria/criterion.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { quoteIdentifier, quoteTable } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'

/** How long one criterion may take on the server. */
const STATEMENT_TIMEOUT_MS = 10 * 60_000

/**
 * Measures one criterion in a read-only transaction that is rolled back. Names without a schema are looked up
 * on the connection's own search path, as psql does, regardless of the session's settings. What the server
 * answers with an error becomes a measurement of kind `error`; it throws only when the session itself is gone
 * or aborted. The session must not be inside a transaction.
 */
export async function measure(
  session: Session,
  criterion: Criterion,
  timeoutMs = STATEMENT_TIMEOUT_MS,
): Promise<Measurement> {
  await session.rows('BEGIN READ ONLY')
  try {
    await session.rows(`SET LOCAL statement_timeout = ${Math.max(1, Math.round(timeoutMs))}`)
    // An error in place of rows that a policy hides: a part must not pass for the whole.
    await session.rows('SET LOCAL row_security = off')
    const measurement = await read(session, criterion)
    await session.rows('ROLLBACK')
    return measurement
  } catch (error) {
    // A session that cannot even roll back is gone, and then it is not the criterion that failed.
    await session.rows('ROLLBACK').catch(() => {
      throw error
    })
    return { kind: 'error', message: serverMessage(error), ...(isOfServer(error) && { isOfServer: true }) }
  }
}

/** The operator's own query runs on the path of the connection; of ours only the look-up of a name does. */
async function read(session: Session, criterion: Criterion): Promise<Measurement> {
  await session.rows('SET LOCAL search_path TO DEFAULT')
  switch (criterion.kind) {
    case 'table':
      return readRows(session, criterion.table)
    case 'newest':
      return readNewest(session, criterion)
    case 'query':
      return readQuery(session, criterion)
    case 'extension':
      return readExtension(session, criterion)
  }
}

/** What cannot be measured, in words of ours. */
class Unmeasurable extends Error {}

/** What the server said, without the address that our errors begin with. */
function serverMessage(error: unknown): string {
  if (error instanceof Unmeasurable) return error.message
  if (!(error instanceof OperatorError)) throw error
  return errorMessage(error.cause ?? error)
}

/**
 * Classes of SQLSTATE that are about the server: 53 insufficient resources, 57 operator intervention (a
 * statement that took too long among them), 58 system errors; and 42501, rights of the role, as where row
 * security hides rows from it.
 */
function isOfServer(error: unknown): boolean {
  const sqlState = error instanceof OperatorError ? (error.facts.sqlState ?? '') : ''
  return /^(53|57|58)|^42501$/.test(sqlState)
}

interface Relation extends TableMember {
  readonly oid: string
}

/**
 * On the search path of the database, which decides what a name without a schema means: every operator has
 * its schema.
 */
const RELATION = `
  SELECT c.oid::pg_catalog.text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
   WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)::pg_catalog.oid`

async function findTable(session: Session, table: TableName): Promise<Relation> {
  const { schema, name } = table
  const quoted = schema === undefined ? quoteIdentifier(name) : quoteTable({ schema, name })
  const [found] = await session.rows<Record<'oid' | 'schema' | 'name' | 'kind', string>>(RELATION, [quoted])
  await session.rows("SET LOCAL search_path = ''")
  if (found === undefined) throw new Unmeasurable(`there is no table ${quoted}`)
  if (!['r', 'p'].includes(found.kind))
    throw new Unmeasurable(`${quoted} is not a table; use a check of query for it`)
  return found
}

/** The table with all its partitions and children, those that can hold rows. */
const MEMBERS = `
  WITH RECURSIVE tree AS (
    SELECT $1::oid AS oid
    UNION
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON tree.oid = i.inhparent
  )
  SELECT n.nspname AS schema, c.relname AS name
    FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' ORDER BY 1, 2`

async function readRows(session: Session, name: TableName): Promise<Measurement> {
  const table = await findTable(session, name)
  const { rows } = await session.row<{ rows: string }>(
    `SELECT count(*)::text AS rows FROM ${quoteTable(table)}`,
  )
  const members = await session.rows<{ schema: string; name: string }>(MEMBERS, [table.oid])
  return { kind: 'table', rows: Number(rows), members }
}

/** The type beneath a domain, which may be one of another domain, by its name. */
const COLUMN_TYPE = `
  WITH RECURSIVE beneath AS (
    SELECT a.atttypid AS oid FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = $1::oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT t.typbasetype FROM pg_catalog.pg_type t JOIN beneath ON beneath.oid = t.oid WHERE t.typtype = 'd'
  )
  SELECT format_type(t.oid, NULL) AS type FROM beneath JOIN pg_catalog.pg_type t ON t.oid = beneath.oid WHERE t.typtype <> 'd'`

const WITH_TIME_ZONE = 'timestamp with time zone'
const INSTANTS = [WITH_TIME_ZONE, 'timestamp without time zone', 'date']

async function readNewest(session: Session, { table: name, column }: NewestCriterion): Promise<Measurement> {
  const table = await findTable(session, name)
  const [found] = await session.rows<{ type: string }>(COLUMN_TYPE, [table.oid, column])
  const title = `${quoteTable(table)}.${quoteIdentifier(column)}`
  if (found === undefined) throw new Unmeasurable(`there is no column ${title}`)
  if (!INSTANTS.includes(found.type))
    throw new Unmeasurable(`${title} is of type ${found.type}, not one of ${INSTANTS.join(', ')}`)
  // extract(epoch) takes a value without a time zone as UTC, regardless of the session's zone.
  const { ms } = await session.row<{ ms: string | null }>(
    `SELECT round(extract(epoch FROM max(${quoteIdentifier(column)})) * 1000)::text AS ms FROM ${quoteTable(table)}`,
  )
  const at = ms === null ? null : new Date(Number(ms))
  if (Number.isNaN(at?.getTime()))
    throw new Unmeasurable(`the newest value of ${title} is ${ms ?? 'unknown'}`)
  return { kind: 'newest', at, hasTimeZone: found.type === WITH_TIME_ZONE }
}

/**
 * The query runs as a subquery together with a parameter, because only then PostgreSQL refuses a second
 * statement: a COMMIT in it would end the read-only transaction. The alias names the first column, regardless
 * of what the query calls it.
 */
async function readQuery(session: Session, { sql, condition }: QueryCriterion): Promise<Measurement> {
  const from = `FROM (\n${sql}\n) AS criterion(pg_runbook_value)`
  if (condition.kind === 'empty') {
    const { rows } = await session.row<{ rows: string }>(
      `SELECT count(*)::text AS rows ${from} LIMIT $1`,
      [1],
    )
    return { kind: 'query', rows: Number(rows), value: null }
  }
  const rows = await session.rows<{ value: string | null }>(
    `SELECT pg_runbook_value::text AS value ${from} LIMIT $1`,
    [2],
  )
  return { kind: 'query', rows: rows.length, value: rows[0]?.value ?? null }
}

async function readExtension(session: Session, { extension }: ExtensionCriterion): Promise<Measurement> {
  await session.rows("SET LOCAL search_path = ''")
  const [found] = await session.rows<{ version: string }>(
    'SELECT extversion AS version FROM pg_catalog.pg_extension WHERE extname = $1',
    [extension],
  )
  return { kind: 'extension', version: found?.version ?? null }
}
