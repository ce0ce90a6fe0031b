import { quoteTable } from '../../core/pg/quote.ts'

/** What stops writers and lets pg_dump read; and what stops everybody, as DROP does. */
export type LockMode = 'EXCLUSIVE' | 'ACCESS EXCLUSIVE'

/** How long each lock is waited for: whoever stands in its way holds it longer than an ordinary statement does. */
export const LOCK_TIMEOUT_MS = 5000
/** While others are being cut off: what is left then is somebody whom nobody can end. */
export const CUT_TIMEOUT_MS = 30_000

/**
 * Locks every table of the users, one after the other in the same order, in the transaction that runs it. What a safety backup shows stays so
 * from then on, as far as tables hold it. Those of extensions are the extensions' own.
 */
export function lockAll(mode: LockMode, timeoutMs: number): string {
  return `SET lock_timeout = ${timeoutMs};
DO $pg_runbook$
DECLARE
  found record;
BEGIN
  FOR found IN SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                   WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
                ORDER BY c.oid LOOP
    EXECUTE format('LOCK TABLE ONLY %I.%I IN ${mode} MODE', found.nspname, found.relname);
  END LOOP;
END
$pg_runbook$;`
}

/** The same for some tables, whose rows are replaced. */
export function lockSome(
  tables: ReadonlyArray<{ readonly schema: string; readonly name: string }>,
  timeoutMs: number,
): string {
  const names = tables.map(table => `ONLY ${quoteTable(table)}`).join(', ')
  return `SET lock_timeout = ${timeoutMs}; LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE;`
}
