import type { Check } from '../../core/checks/check.ts'
import { OperatorError } from '../../core/errors.ts'
import { printLiteral, printTable, quoteIdentifier, quoteTable } from '../../core/pg/quote.ts'
import { renderAmount, renderName, renderSome } from '../../core/text/counts.ts'
import type { Session } from '../session/session.ts'
import { readNumbering } from './sequence-columns.ts'

/** Relations of the users' own schemas that are not members of an extension. */
const OWN = `
  SELECT c.oid, c.relname AS name, n.nspname AS schema, c.relkind, c.relispopulated
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`

/**
 * Looks at the state of a restored database, without anything to compare it with. A restore cannot leave an
 * invalid index or a sequence behind its column without something being wrong, so these fail. A constraint
 * that was never validated and a materialised view that was never filled come back just as the source has
 * them, and are legal there: with a table without a primary key they are information.
 */
export async function readStructureChecks(session: Session): Promise<readonly Check[]> {
  return [
    ...(await readIndexChecks(session)),
    ...(await readNumberingChecks(session)),
    ...(await readInformation(session)),
  ]
}

const INDEXES = `
  SELECT own.schema, own.name, own.relkind AS kind, i.indisvalid::text AS valid, i.indisready::text AS ready
    FROM (${OWN}) AS own JOIN pg_catalog.pg_index i ON i.indexrelid = own.oid
   ORDER BY own.schema COLLATE "C", own.name COLLATE "C"`

/**
 * pg_dump leaves invalid indexes out, except those of a partitioned table that do not have all their
 * partitions' indexes attached yet (getIndexes in pg_dump.c): such a one was invalid in the source.
 */
async function readIndexChecks(session: Session): Promise<readonly Check[]> {
  const indexes = await session.rows<Record<'schema' | 'name' | 'kind' | 'valid' | 'ready', string>>(INDEXES)
  const broken = indexes.filter(({ valid, ready }) => valid !== 'true' || ready !== 'true')
  const ordinary = broken.filter(({ kind }) => kind !== 'I')
  const failures = ordinary.map(index =>
    structure(
      `index ${renderName(index)}`,
      'fail',
      'valid',
      index.ready === 'true' ? 'invalid' : 'not ready for use',
      `Queries do not use it, and a unique one guarantees nothing: REINDEX INDEX ${printTable(index)}.`,
    ),
  )
  const good = `${renderAmount(indexes.length - broken.length, 'valid index', 'valid indexes')}`
  return [
    ...(failures.length > 0 ? failures : [structure('indexes', 'pass', 'all valid', good)]),
    ...information(
      'invalid indexes of partitioned tables',
      broken.filter(({ kind }) => kind === 'I').map(renderName),
      'As in the source: an index is missing on one of the partitions.',
    ),
  ]
}

async function readNumberingChecks(session: Session): Promise<readonly Check[]> {
  const numberings = await readNumbering(session)
  const failures = numberings
    .filter(({ isBehind }) => isBehind)
    .map(({ sequence, column, next, extreme, descending }) =>
      structure(
        `sequence ${renderName(sequence)}`,
        'fail',
        `next value ${descending ? 'below' : 'above'} ${extreme}, the ${descending ? 'least' : 'greatest'} in ${column}`,
        `next value ${next}`,
        `Inserts will collide. Where the source is the same, its next inserts fail too: SELECT setval(${printLiteral(quoteTable(sequence))}, ${extreme}).`,
      ),
    )
  if (failures.length > 0) return failures
  const good = `${renderAmount(numberings.length, 'numbered column')}, none behind`
  return [structure('sequences ahead of their columns', 'pass', 'none behind', good)]
}

/**
 * Stored generated columns that call functions of the database whose bodies are text without a search_path of
 * their own: these may call something else, and give something else, in a restore.
 */
const RECOMPUTED = `
  SELECT n.nspname AS schema, c.relname AS name, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
         pg_get_expr(d.adbin, d.adrelid) AS expression
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE a.attgenerated = 's' AND EXISTS (
         SELECT FROM pg_catalog.pg_depend p JOIN pg_catalog.pg_proc f ON f.oid = p.refobjid AND f.oid >= 16384
           JOIN pg_catalog.pg_language l ON l.oid = f.prolang AND l.lanname NOT IN ('c', 'internal')
          WHERE p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid AND p.refclassid = 'pg_catalog.pg_proc'::regclass
            AND to_jsonb(f) ->> 'prosqlbody' IS NULL
            AND NOT EXISTS (SELECT FROM unnest(f.proconfig) AS s WHERE s LIKE 'search_path=%'))
   ORDER BY 1, 2, 3`

/**
 * Computes stored generated columns again as an application does, with the schema public on the path: a
 * restore has computed them with an empty search_path, and no archive holds their values. For a role without
 * rights only: it calls functions of the database.
 */
export async function readRecomputedChecks(session: Session): Promise<readonly Check[]> {
  const columns =
    await session.rows<Record<'schema' | 'name' | 'column' | 'type' | 'expression', string>>(RECOMPUTED)
  if (columns.length === 0) return []
  await session.rows("SELECT pg_catalog.set_config('search_path', '\"$user\", public', false)")
  const checks: Check[] = []
  for (const { column, type, expression, ...table } of columns) {
    const name = `generated column ${renderName(table)}.${column}`
    const again = `CAST((${expression}) AS ${type})`
    const rows = await session
      .row<{ rows: string }>(
        `SELECT count(*)::text AS rows FROM ONLY ${quoteTable(table)} WHERE ${quoteIdentifier(column)}::text IS DISTINCT FROM ${again}::text`,
      )
      .then(
        found => found.rows,
        error => (error instanceof OperatorError ? error : Promise.reject(error)),
      )
    if (rows instanceof OperatorError)
      checks.push(structure(name, 'not-measured', 'the same when computed again', rows.message))
    else if (rows !== '0')
      checks.push(
        structure(
          name,
          'fail',
          'the same when computed again',
          renderAmount(Number(rows), 'other value'),
          ON_PATH,
        ),
      )
  }
  await session.rows("SELECT pg_catalog.set_config('search_path', '', false)")
  const isGood = checks.length === 0
  const good = renderAmount(columns.length, 'column')
  return isGood ? [structure('generated columns', 'pass', 'the same when computed again', good)] : checks
}

const ON_PATH =
  'Its function finds other functions, operators or rows in a restore, where the search_path is empty. In the source: ALTER FUNCTION … SET search_path = public, pg_temp; then take a new backup.'

async function readInformation(session: Session): Promise<readonly Check[]> {
  return [
    ...information(
      'constraints that are not validated',
      await readNames(session, UNVALIDATED),
      'NOT VALID in the source, and restored so: older rows may break them.',
    ),
    ...information(
      'materialised views without data',
      await readNames(session, UNPOPULATED),
      'Never filled in the source, and restored so: reading them fails until REFRESH MATERIALIZED VIEW.',
    ),
    ...information(
      'tables without a primary key',
      await readNames(session, WITHOUT_KEY),
      'Their rows cannot be distinguished, which makes repairs and logical replication hard.',
    ),
  ]
}

/**
 * PostgreSQL 18 also knows constraints that are not enforced, which are never validated: to_jsonb, because 17
 * has no such column.
 */
const UNVALIDATED = `
  SELECT own.schema, own.name || '.' || k.conname AS name
    FROM (${OWN}) AS own JOIN pg_catalog.pg_constraint k ON k.conrelid = own.oid
   WHERE NOT k.convalidated AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'`

const UNPOPULATED = `SELECT schema, name FROM (${OWN}) AS own WHERE relkind = 'm' AND NOT relispopulated`

const WITHOUT_KEY = `
  SELECT schema, name FROM (${OWN}) AS own
   WHERE relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = own.oid AND i.indisprimary)`

async function readNames(session: Session, query: string): Promise<readonly string[]> {
  const rows = await session.rows<{ schema: string; name: string }>(
    `SELECT schema, name FROM (${query}) AS found ORDER BY schema COLLATE "C", name COLLATE "C"`,
  )
  return rows.map(renderName)
}

/** One line where there is something to tell, none where there is nothing. */
function information(name: string, items: readonly string[], note: string): readonly Check[] {
  if (items.length === 0) return []
  return [structure(name, 'information', 'none', `${items.length}: ${renderSome(items)}`, note)]
}

function structure(
  name: string,
  verdict: Check['verdict'],
  expected: string,
  found: string,
  note: string | null = null,
): Check {
  return { group: 'structure', name, verdict, expected, found, note }
}
