import type { Check } from '../../core/checks/check.ts'
import { printLiteral, printTable, quoteTable } from '../../core/pg/quote.ts'
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
