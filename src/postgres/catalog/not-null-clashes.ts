import { notNullName } from '../../core/pg/not-null-name.ts'
import { printIdentifier, printTable } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'

/** NOT NULL is a constraint with a name from this version on (server_version_num). */
export const NAMED_NOT_NULL = 180_000

/** Constraints that pg_restore makes after the table, by a name that may be the one of a NOT NULL. */
const CANDIDATES = `
  SELECT n.nspname AS schema, c.relname AS name, k.conname AS constraint, json_agg(a.attname)::text AS columns
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
   WHERE k.conname LIKE '%\\_not\\_null' AND (k.contype IN ('p', 'u', 'f', 'x') OR k.contype = 'c' AND NOT k.convalidated)
     AND n.nspname !~ '^pg_'
   GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`

/**
 * A constraint whose name PostgreSQL 18 gives a NOT NULL of the same table, and the statement that renames
 * it.
 */
export interface NotNullClash {
  readonly constraint: string
  /** For a message: `public.users` */
  readonly table: string
  readonly rename: string
}

/** Constraints that end the restore of this database on 18: `constraint … already exists`. */
export async function readNotNullClashes(session: Session): Promise<readonly NotNullClash[]> {
  const rows = await session.rows<Record<'schema' | 'name' | 'constraint' | 'columns', string>>(CANDIDATES)
  return rows
    .filter(({ name, constraint, columns }) =>
      (JSON.parse(columns) as string[]).some(column => notNullName(name, column) === constraint),
    )
    .map(({ schema, name, constraint }) => ({
      constraint,
      table: `${schema}.${name}`,
      rename: `ALTER TABLE ${printTable({ schema, name })} RENAME CONSTRAINT ${printIdentifier(constraint)} TO ${printIdentifier(`${constraint.slice(0, 55)}_check`)};`,
    }))
}
