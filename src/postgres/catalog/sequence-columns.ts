import { keyOf } from '../../core/pg/qualified-name.ts'
import { quoteIdentifier, quoteTable } from '../../core/pg/quote.ts'
import { renderName } from '../../core/text/counts.ts'
import type { Session } from '../session/session.ts'

/** A column that a sequence numbers, and where both stand. */
interface Numbering {
  readonly sequence: { readonly schema: string; readonly name: string }
  /** `users.id` */
  readonly column: string
  readonly descending: boolean
  /** What the sequence gives out next: a decimal text. */
  readonly next: string
  /**
   * The greatest value in the column that the sequence can give out, or the least where it counts down; null
   * where there is none. What lies beyond its bounds never collides, and no sequence can be moved there.
   */
  readonly extreme: string | null
  /** The next value has been passed already, so that inserts collide. */
  readonly isBehind: boolean
}

/**
 * Columns of whole numbers that take their values from a sequence: identity columns, and defaults that are
 * nextval of a sequence and nothing else (serial). That a column owns a sequence says nothing of where its
 * values come from. A sequence that cycles is behind by design. Partitions are left to their parent.
 */
const COLUMNS = `
  WITH source AS (
    SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS attnum
      FROM pg_catalog.pg_depend d
     WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
       AND d.deptype = 'i' AND d.refobjsubid > 0
    UNION
    SELECT d.refobjid, f.adrelid, f.adnum
      FROM pg_catalog.pg_attrdef f
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
                                 AND d.refclassid = 'pg_catalog.pg_class'::regclass
     WHERE pg_get_expr(f.adbin, f.adrelid) ~ '^\\(?nextval\\(''([^'']|'''')+''::regclass\\)\\)?(::[a-z ]+)?$'
  )
  SELECT sn.nspname AS sequence_schema, sc.relname AS sequence_name, s.seqincrement::text AS increment,
         s.seqmin::text AS least, s.seqmax::text AS greatest,
         tn.nspname AS table_schema, tc.relname AS table_name, a.attname AS column
    FROM source
    JOIN pg_catalog.pg_sequence s ON s.seqrelid = source.sequence AND NOT s.seqcycle
    JOIN pg_catalog.pg_class sc ON sc.oid = source.sequence
    JOIN pg_catalog.pg_namespace sn ON sn.oid = sc.relnamespace
    JOIN pg_catalog.pg_class tc ON tc.oid = source.relation AND tc.relkind IN ('r', 'p') AND NOT tc.relispartition
    JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace AND tn.nspname !~ '^pg_'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = source.relation AND a.attnum = source.attnum
     AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
   ORDER BY 1, 2, 4, 5, 6`

type Column = Record<
  | 'sequence_schema'
  | 'sequence_name'
  | 'increment'
  | 'least'
  | 'greatest'
  | 'table_schema'
  | 'table_name'
  | 'column',
  string
>

/**
 * Reads every numbered column, or those of some tables, one min or max each: quick where it is indexed, a
 * scan where it is not. A partition is numbered by its parent.
 */
export async function readNumbering(
  session: Session,
  only?: ReadonlyArray<{ readonly schema: string; readonly name: string }>,
): Promise<readonly Numbering[]> {
  const chosen = only && new Set(only.map(keyOf))
  const columns = (await session.rows<Column>(COLUMNS)).filter(
    ({ table_schema: schema, table_name: name }) => chosen?.has(keyOf({ schema, name })) ?? true,
  )
  const numberings: Numbering[] = []
  for (let i = 0; i < columns.length; i += BATCH)
    numberings.push(...(await readBatch(session, columns.slice(i, i + BATCH))))
  return numberings
}

/** Columns that one statement reads, each in a branch of a UNION. */
const BATCH = 50

/** The statement that lets a sequence go on after the rows that are there. */
function renderAdvance({ sequence, extreme }: Numbering): string {
  return `SELECT setval('${quoteTable(sequence).replaceAll("'", "''")}', ${extreme})`
}

/** Moves on the sequences of some tables that stand behind their rows. Returns what it did, as sentences. */
export async function advanceNumbering(
  session: Session,
  tables: ReadonlyArray<{ readonly schema: string; readonly name: string }>,
): Promise<readonly string[]> {
  const behind = (await readNumbering(session, tables)).filter(({ isBehind }) => isBehind)
  for (const numbering of behind) await session.rows(renderAdvance(numbering))
  return behind.map(
    ({ sequence, column, next, extreme }) =>
      `The sequence ${renderName(sequence)} stood at ${next}, behind ${extreme} in ${column}: moved on.`,
  )
}

async function readBatch(session: Session, columns: readonly Column[]): Promise<readonly Numbering[]> {
  const branches = columns.map((column, at) => `SELECT ${at} AS at, t.* FROM (${columnQuery(column)}) AS t`)
  const rows = await session.rows<{ at: string; next: string; extreme: string | null }>(
    `${branches.join(' UNION ALL ')} ORDER BY 1`,
  )
  return columns.flatMap((column, at) => {
    const row = rows[at]
    return row === undefined ? [] : [toNumbering(column, row)]
  })
}

function columnQuery(row: Column): string {
  const aggregate = row.increment.startsWith('-') ? 'min' : 'max'
  const column = `t.${quoteIdentifier(row.column)}`
  const table = quoteTable({ schema: row.table_schema, name: row.table_name })
  const sequence = quoteTable({ schema: row.sequence_schema, name: row.sequence_name })
  return `
    SELECT (s.last_value::numeric + CASE WHEN s.is_called THEN '${row.increment}'::numeric ELSE 0 END)::text AS next,
           (SELECT ${aggregate}(${column})::text FROM ${table} AS t
             WHERE ${column} BETWEEN '${row.least}'::bigint AND '${row.greatest}'::bigint) AS extreme
      FROM ${sequence} AS s`
}

function toNumbering(
  row: Column,
  { next, extreme }: { readonly next: string; readonly extreme: string | null },
): Numbering {
  const descending = row.increment.startsWith('-')
  const isPassed =
    extreme !== null && (descending ? BigInt(next) >= BigInt(extreme) : BigInt(next) <= BigInt(extreme))
  return {
    sequence: { schema: row.sequence_schema, name: row.sequence_name },
    column: `${renderName({ schema: row.table_schema, name: row.table_name })}.${row.column}`,
    descending,
    next,
    extreme,
    isBehind: isPassed,
  }
}
