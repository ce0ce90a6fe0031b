import type { QualifiedName } from '../../core/pg/qualified-name.ts'
import { quoteTable } from '../../core/pg/quote.ts'

/** EXCLUSIVE blocks writers but not pg_dump; ACCESS EXCLUSIVE blocks everything, as DROP does. */
type LockMode = 'EXCLUSIVE' | 'ACCESS EXCLUSIVE'

/** Maximum wait for each lock. An ordinary statement does not hold one for longer. */
export const LOCK_TIMEOUT_MS = 5000
/** Maximum wait while blocking sessions are terminated: one that still blocks cannot be. */
export const TERMINATING_LOCK_TIMEOUT_MS = 30_000

/**
 * Locks every user table, always in the same order, in the transaction that runs it. From then on the tables
 * stay as the safety backup shows them. Tables of extensions are left out.
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
export function lockSome(tables: readonly QualifiedName[], timeoutMs: number): string {
  const names = tables.map(table => `ONLY ${quoteTable(table)}`).join(', ')
  return `SET lock_timeout = ${timeoutMs}; LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE;`
}
