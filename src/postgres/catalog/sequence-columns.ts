import { keyOf } from '../../core/pg/qualified-name.ts'
import { quoteIdentifier, quoteTable } from '../../core/pg/quote.ts'
import { renderName } from '../../core/text/counts.ts'
import type { Session } from '../session/session.ts'

/** A column that a sequence numbers, and where both stand. */
export interface Numbering {
  readonly sequence: { readonly schema: string; readonly name: string }
  /** `users.id` */
  readonly column: string
  readonly descending: boolean
  /** What the sequence gives out next: a decimal text. */
  readonly next: string
  /**
   * The greatest value in the column that the sequence can give out, or the least where it counts down; null where there is none. What
   * lies beyond its bounds never collides, and no sequence can be moved there.
   */
  readonly extreme: string | null
  /** The next value has been passed already, so that inserts collide. */
  readonly isBehind: boolean
}

/**
 * Columns of whole numbers that take their values from a sequence: identity columns, and defaults that are nextval of a
 * sequence and nothing else (serial). That a column owns a sequence says nothing of where its values come from. A sequence
 * that cycles is behind by design. Partitions are left to their parent.
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
 * Reads every numbered column, or those of some tables, one min or max each: quick where it is indexed, a scan where it is not. A
 * partition is numbered by its parent.
 */
export async function readNumbering(
  session: Session,
  only?: ReadonlyArray<{ readonly schema: string; readonly name: string }>,
): Promise<readonly Numbering[]> {
  const numberings: Numbering[] = []
  const chosen = only && new Set(only.map(keyOf))
  for (const column of await session.rows<Column>(COLUMNS)) {
    const table = { schema: column.table_schema, name: column.table_name }
    if (chosen?.has(keyOf(table)) ?? true) numberings.push(await readColumn(session, column))
  }
  return numberings
}

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

async function readColumn(session: Session, row: Column): Promise<Numbering> {
  const sequence = { schema: row.sequence_schema, name: row.sequence_name }
  const table = { schema: row.table_schema, name: row.table_name }
  const descending = row.increment.startsWith('-')
  const { next, extreme } = await session.row<{ next: string; extreme: string | null }>(
    `SELECT (s.last_value::numeric + CASE WHEN s.is_called THEN $1::numeric ELSE 0 END)::text AS next,
            (SELECT ${descending ? 'min' : 'max'}(${quoteIdentifier(row.column)})::text FROM ${quoteTable(table)} AS t
               WHERE t.${quoteIdentifier(row.column)} BETWEEN $2::bigint AND $3::bigint) AS extreme
       FROM ${quoteTable(sequence)} AS s`,
    [row.increment, row.least, row.greatest],
  )
  const isPassed =
    extreme !== null && (descending ? BigInt(next) >= BigInt(extreme) : BigInt(next) <= BigInt(extreme))
  const column = `${renderName(table)}.${row.column}`
  return { sequence, column, descending, next, extreme, isBehind: isPassed }
}
