import type { QualifiedName } from '../pg/qualified-name.ts'
import { printIdentifier, printTable } from '../pg/quote.ts'
import { shellQuote } from '../text/shell-quote.ts'
import type { RestoreRecord } from './restore-record.ts'

/** A table that was restored with its rows. */
export interface TableColumns extends QualifiedName {
  /** The columns that hold rows; generated ones are left out. */
  readonly columns: readonly string[]
  /** Triggers of the target's table that fire when rows are inserted. */
  readonly insertTriggers?: readonly string[]
}

/** `postgresql://logi@db.example:5432/logi`, without the password and the sslmode. */
function databaseAddress(
  { user, host, port }: Pick<RestoreRecord['target'], 'user' | 'host' | 'port'>,
  database: string,
): string {
  const path = `${encodeURIComponent(user)}@`
  const name = encodeURIComponent(database)
  if (host.startsWith('/'))
    return `postgresql://${path}/${name}?host=${encodeURIComponent(host)}&port=${port}`
  return `postgresql://${path}${host.includes(':') ? `[${host}]` : host}:${port}/${name}`
}

/** Sets the two databases for the commands that follow. */
export function renderAddresses(target: RestoreRecord['target'], restoredTo: string): string {
  return [
    `OLD_URL=${shellQuote(databaseAddress(target, target.database))}`,
    `RESTORED_URL=${shellQuote(databaseAddress(target, restoredTo))}`,
  ].join('\n')
}

/**
 * Shell that shows which rows of the backup the database lacks or has with other values, and copies back the
 * missing ones. Rows are compared as text, which every type has. It ends with ROLLBACK until the operator
 * writes COMMIT, and keeps existing rows: ON CONFLICT DO NOTHING. Names stand only in quoted here-documents,
 * where the shell expands nothing, and on one line each, so that none can end a here-document.
 */
export function renderCopyBack(table: TableColumns, file: string): string {
  const name = printTable(table)
  const columns = table.columns.map(printIdentifier).join(', ')
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
    ...triggerNotes(table, 'DISABLE'),
    `INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE TABLE differing ON CONFLICT DO NOTHING;`,
    ...triggerNotes(table, 'ENABLE'),
    'ROLLBACK; -- replace with COMMIT to keep the rows shown above',
    'SQL',
  ].join('\n')
}

/** The operator decides whether triggers fire, as `triggers` does for a restore of rows. */
function triggerNotes(
  { insertTriggers = [], ...table }: TableColumns,
  action: 'DISABLE' | 'ENABLE',
): readonly string[] {
  if (insertTriggers.length === 0) return []
  const statements = insertTriggers.map(
    trigger => `-- ALTER TABLE ${printTable(table)} ${action} TRIGGER ${printIdentifier(trigger)};`,
  )
  const why = '-- The INSERT fires these triggers. To keep them from firing, uncomment the ALTER TABLE lines:'
  return action === 'DISABLE' ? [why, ...statements] : statements
}

/** Shell that shows how the structure differs: lines with > are in the backup only. */
export const COMPARE_STRUCTURE = [
  'diff <(pg_dump --schema-only --no-owner --no-acl --restrict-key=x --dbname="$OLD_URL") \\',
  '     <(pg_dump --schema-only --no-owner --no-acl --restrict-key=x --dbname="$RESTORED_URL")',
].join('\n')
