/** An identifier in double quotes, whatever it contains. */
export function quoteIdentifier(name: string): string {
  return `"${name.replace(/"/g, '""')}"`
}

/** `"schema"."name"` */
export function quoteTable(table: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`
}

/** A text literal, whatever it contains; standard_conforming_strings is on in every server that is still supported. */
export function quoteLiteral(text: string): string {
  return `'${text.replace(/'/g, "''")}'`
}
