import { quoteTable } from '../core/identifier.ts'

/** SQL that removes the rows of some tables. Other tables that refer to them make it fail, which is right: CASCADE would empty those. */
export function truncateSql(
  tables: ReadonlyArray<{ readonly schema: string; readonly name: string }>,
): string {
  return `TRUNCATE ONLY ${tables.map(quoteTable).join(', ')};`
}
