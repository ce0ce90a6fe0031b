import type { FingerprintLevel, TableFingerprint } from '../../core/backup/manifest.ts'
import { byKey, keyOf } from '../../core/pg/qualified-name.ts'
import { quoteIdentifier, quoteTable } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'
import type { MovingRows } from './moving-rows.ts'
import type { Table } from './tables.ts'

/**
 * Settings that change how a value prints, and so its hash: the same on both sides of a comparison. No
 * parallel workers: the reading shares the server with production and pg_dump.
 */
export const OUTPUT_SETTINGS = [
  "SET timezone = 'UTC'",
  "SET datestyle = 'ISO, YMD'",
  "SET intervalstyle = 'postgres'",
  "SET bytea_output = 'hex'",
  "SET xmlbinary = 'base64'",
  'SET extra_float_digits = 1',
  "SET lc_monetary = 'C'",
  "SET search_path = ''",
  'SET quote_all_identifiers = off',
  // As pg_dump: an error in place of rows that a policy hides.
  'SET row_security = off',
  'SET max_parallel_workers_per_gather = 0',
  // With thousands of tables the query of definitions costs enough to be compiled, for longer than it runs.
  "SELECT pg_catalog.set_config(name, 'off', false) FROM pg_catalog.pg_settings WHERE name = 'jit'",
]

/**
 * Columns that tell when a row came, best first; another timestamp column serves where none of these exists.
 */
const TIME_COLUMNS = [
  'created_at',
  'createdAt',
  'inserted_at',
  'occurred_at',
  'recorded_at',
  'created',
  'created_on',
  'updated_at',
]

/**
 * False for a virtual generated column, new in 18: no archive holds its values, and working one out may fail,
 * as that of 1 / a does where a is 0. attgenerated is new in 12.
 */
const HAS_VALUES = "NOT (a.atthasdef AND coalesce(to_jsonb(a) ->> 'attgenerated' = 'v', false))"

/** Makes the session print values the one way that fingerprints compare. */
export async function pinOutputSettings(session: Session): Promise<void> {
  await session.rows(OUTPUT_SETTINGS.join('; '))
}

/**
 * Reads rows, newest value and, at level `content`, a hash of every table that has rows of its own, one full
 * scan each. The session must have imported the snapshot and pinned its settings.
 *
 * A copy is read by the time columns of what is known of the original: where a parent got a column after its
 * children were made, a restore gives the children another order of columns, and with it another first time
 * column.
 */
export async function readTableFingerprints(
  session: Session,
  tables: readonly Table[],
  { roots }: MovingRows,
  level: FingerprintLevel,
  original: readonly TableFingerprint[] = [],
): Promise<readonly TableFingerprint[]> {
  if (level === 'none') return []
  const timeColumns = await readTimeColumns(session)
  const rowValues = level === 'content' ? await readRowValues(session) : new Map<string, string>()
  const known = byKey(original)
  const candidates = tables
    .filter(table => !table.isPartitioned)
    .map(table => ({
      table,
      time: chooseTimeColumn(timeColumns.get(table.oid) ?? [], known.get(keyOf(table))),
      row: rowValues.get(table.oid) ?? 'ROW()',
    }))
  const fingerprints: TableFingerprint[] = []
  for (let i = 0; i < candidates.length; i += BATCH)
    fingerprints.push(...(await readBatch(session, candidates.slice(i, i + BATCH), roots, level)))
  return fingerprints
}

/**
 * Tables that one statement reads, each in a branch of a UNION: a round trip for each would cost more than
 * counting.
 */
const BATCH = 50

function chooseTimeColumn(
  [first, ...others]: readonly string[],
  original: TableFingerprint | undefined,
): string | undefined {
  if (original === undefined) return first
  return [first, ...others].find(name => name === original.newest?.column)
}

interface Candidate {
  readonly table: Table
  /** The name of the time column, where there is one. */
  readonly time: string | undefined
  /** The expression of a whole row, `ROW(r.a, r.b)`. */
  readonly row: string
}

async function readBatch(
  session: Session,
  batch: readonly Candidate[],
  roots: MovingRows['roots'],
  level: FingerprintLevel,
): Promise<readonly TableFingerprint[]> {
  const branches = batch.map(
    (candidate, at) => `SELECT ${at} AS at, t.* FROM (${tableQuery(candidate, level)}) AS t`,
  )
  const rows = await session.rows<Record<'at' | 'rows' | 'newest' | 'h0' | 'h1', string | null>>(
    `${branches.join(' UNION ALL ')} ORDER BY 1`,
  )
  return batch.map(({ table, time }, at) => {
    const row = rows[at]
    if (row === undefined) throw new Error(`No count of ${quoteTable(table)} came back`)
    return {
      schema: table.schema,
      name: table.name,
      rows: Number(row.rows),
      newest: time === undefined ? null : { column: time, value: row.newest },
      contentHash: level === 'content' ? hash128(row.h0, row.h1) : null,
      extension: table.configures?.extension ?? null,
      movesWithin: roots.get(table.oid) ?? null,
    }
  })
}

function tableQuery({ table, time, row }: Candidate, level: FingerprintLevel): string {
  const newest = time === undefined ? 'NULL' : `max(r.${quoteIdentifier(time)})`
  // The condition names columns, or the table itself: as pg_dump has it, there is no alias.
  const from =
    table.configures === null
      ? `FROM ONLY ${quoteTable(table)} AS r`
      : `FROM (SELECT * FROM ONLY ${quoteTable(table)} ${table.configures.condition}) AS r`
  return level === 'content'
    ? contentQuery(row, newest, from)
    : `SELECT count(*)::text AS rows, ${newest}::text AS newest, NULL::text AS h0, NULL::text AS h1 ${from}`
}

/**
 * The sum of a 64-bit hash of every row's text, under two seeds: independent of order, and a duplicate row
 * counts, which xor would cancel. The text is made once (OFFSET 0 keeps the planner from inlining it). It
 * detects accidents, not adversaries.
 */
function contentQuery(row: string, newest: string, from: string): string {
  return `SELECT count(*)::text AS rows, max(newest)::text AS newest,
                 sum(hashtextextended(content, 0))::text AS h0, sum(hashtextextended(content, 1))::text AS h1
            FROM (SELECT ${row}::text COLLATE "C" AS content, ${newest.replace(/^max/, '')} AS newest ${from} OFFSET 0) AS rows`
}

/** Two sums of signed 64-bit numbers as 32 hex digits; null sums mean an empty table. */
function hash128(h0: string | null, h1: string | null): string {
  const hex = (sum: string | null) =>
    BigInt.asUintN(64, BigInt(sum ?? 0))
      .toString(16)
      .padStart(16, '0')
  return hex(h0) + hex(h1)
}

/**
 * A row of every table as an expression, by table oid; tables without columns have none. Columns go by name:
 * where a parent got a column after its children were made, a restore gives the children their columns in
 * another order.
 */
async function readRowValues(session: Session): Promise<ReadonlyMap<string, string>> {
  const rows = await session.rows<{ oid: string; value: string }>(
    `SELECT a.attrelid::text AS oid, 'ROW(' || string_agg(format('r.%I', a.attname), ', ' ORDER BY a.attname COLLATE "C") || ')' AS value
       FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND ${HAS_VALUES}
      GROUP BY a.attrelid`,
  )
  return new Map(rows.map(({ oid, value }) => [oid, value]))
}

/** The time columns of every table that has any, the best first, by table oid. */
async function readTimeColumns(session: Session): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await session.rows<{ oid: string; name: string }>(
    `SELECT a.attrelid::text AS oid, a.attname AS name
       FROM pg_catalog.pg_attribute a
      WHERE a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype) AND a.attnum > 0 AND NOT a.attisdropped AND ${HAS_VALUES}
      ORDER BY a.attrelid, coalesce(array_position('{${TIME_COLUMNS.join()}}'::text[], a.attname::text), 100), a.atttypid = 'date'::regtype, a.attnum`,
  )
  const columns = new Map<string, string[]>()
  for (const { oid, name } of rows) columns.set(oid, [...(columns.get(oid) ?? []), name])
  return columns
}
