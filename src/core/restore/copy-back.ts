import { quoteIdentifier, quoteTable } from '../pg/quote.ts'
import type { RestoreRecord } from './restore-record.ts'

/** A table that was restored with its rows, and the columns that hold them: generated ones come by themselves. */
export interface TableColumns {
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

/** `postgresql://logi@db.example:5432/logi`, without the password and the sslmode. */
function databaseAddress(
  { user, host, port }: Pick<RestoreRecord['target'], 'user' | 'host' | 'port'>,
  database: string,
): string {
  const address = host.includes(':') ? `[${host}]` : host
  return `postgresql://${encodeURIComponent(user)}@${host.startsWith('/') ? '' : `${address}:${port}`}/${encodeURIComponent(database)}${host.startsWith('/') ? `?host=${host}&port=${port}` : ''}`
}

/** The two databases for the shell: what follows names them so. */
export function renderAddresses(target: RestoreRecord['target'], restoredTo: string): string {
  return [
    `OLD_URL='${databaseAddress(target, target.database).replaceAll("'", '%27')}'`,
    `RESTORED_URL='${databaseAddress(target, restoredTo).replaceAll("'", '%27')}'`,
  ].join('\n')
}

/**
 * Shell that shows which rows of a table the backup has and the database has not, or has otherwise, and copies back those that are
 * missing. Rows are compared as text, which every type has. It ends with ROLLBACK until somebody writes COMMIT, and leaves alone what is there:
 * ON CONFLICT DO NOTHING. Names stand in here-documents only, where the shell takes them as they are.
 */
export function renderCopyBack(table: TableColumns, file: string): string {
  const name = quoteTable(table)
  const columns = table.columns.map(quoteIdentifier).join(', ')
  return [
    `psql "$RESTORED_URL" <<'SQL'`,
    `COPY (SELECT ${columns} FROM ONLY ${name}) TO STDOUT \\g ${file}`,
    'SQL',
    `psql "$OLD_URL" --set ON_ERROR_STOP=1 <<'SQL'`,
    'BEGIN;',
    `CREATE TEMPORARY TABLE restored AS SELECT ${columns} FROM ${name} LIMIT 0;`,
    `\\copy restored FROM '${file}'`,
    'CREATE TEMPORARY TABLE differing AS SELECT r.* FROM restored AS r WHERE NOT EXISTS',
    `  (SELECT FROM (SELECT ${columns} FROM ONLY ${name}) AS o WHERE ROW(o.*)::text = ROW(r.*)::text);`,
    'TABLE differing;',
    `INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE TABLE differing ON CONFLICT DO NOTHING;`,
    'ROLLBACK; -- write COMMIT here when what it shows is what you want back',
    'SQL',
  ].join('\n')
}

/** Shell that shows how the structure differs: lines with > are in the backup only. */
export const COMPARE_STRUCTURE = [
  'diff <(pg_dump --schema-only --no-owner --no-acl --restrict-key=x --dbname="$OLD_URL") \\',
  '     <(pg_dump --schema-only --no-owner --no-acl --restrict-key=x --dbname="$RESTORED_URL")',
].join('\n')
