import { randomBytes } from 'node:crypto'
import { quoteLiteral, quoteTable } from '../core/identifier.ts'
import type { Manifest } from '../core/manifest.ts'

/**
 * SQL that raises an error at the first table whose number of rows is not the manifest's. Where row security would hide
 * rows even from the owner, nothing can be counted, and the comparison after the restore has to do.
 */
export function countRowsSql({ fingerprint }: Manifest): string {
  if (fingerprint.level === 'none' || fingerprint.tables.length === 0) return ''
  const checks = fingerprint.tables.map(table => {
    const name = quoteLiteral(quoteTable(table))
    return `  IF NOT row_security_active(${name}) THEN
    EXECUTE 'SELECT pg_catalog.count(*) FROM ONLY ' || ${name} INTO found;
    IF found <> ${table.rows} THEN
      RAISE EXCEPTION 'table % has % rows, and the manifest says ${table.rows}: everything is rolled back', ${name}, found;
    END IF;
  END IF;`
  })
  // A tag of chance: no name of a table can end the block.
  const tag = `$count_${randomBytes(8).toString('hex')}$`
  return `DO ${tag}\nDECLARE\n  found bigint;\nBEGIN\n${checks.join('\n')}\nEND\n${tag};`
}

/** SQL that removes the rows of some tables. Other tables that refer to them make it fail, which is right: CASCADE would empty those. */
export function truncateSql(
  tables: ReadonlyArray<{ readonly schema: string; readonly name: string }>,
): string {
  return `TRUNCATE ONLY ${tables.map(quoteTable).join(', ')};`
}
