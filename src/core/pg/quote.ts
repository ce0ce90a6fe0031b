/** An identifier in double quotes, with any content. */
export function quoteIdentifier(name: string): string {
  return `"${name.replace(/"/g, '""')}"`
}

/** `"schema"."name"` */
export function quoteTable(table: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`
}

/**
 * A text literal, with any content; standard_conforming_strings is on in every server that is still
 * supported.
 */
export function quoteLiteral(text: string): string {
  return `'${text.replace(/'/g, "''")}'`
}

/** What a person does not see, or a shell takes for the end of a line. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

/**
 * An identifier for commands that people paste: on one line, with nothing invisible in it. Odd characters
 * become Unicode escapes, `U&"a\000ab"`, so that no name can end a line, a here-document or a code block.
 */
export function printIdentifier(name: string): string {
  return INVISIBLE.test(name) ? `U&${quoteIdentifier(escapeInvisible(name))}` : quoteIdentifier(name)
}

/** A text literal for commands that people paste, in the same way. */
export function printLiteral(text: string): string {
  return INVISIBLE.test(text) ? `U&${quoteLiteral(escapeInvisible(text))}` : quoteLiteral(text)
}

function escapeInvisible(text: string): string {
  const escaped = [...text.replace(/\\/g, '\\\\')].map(character =>
    INVISIBLE.test(character)
      ? `\\+${(character.codePointAt(0) ?? 0).toString(16).padStart(6, '0')}`
      : character,
  )
  return escaped.join('')
}

/** `"schema"."name"` for commands that people paste. */
export function printTable({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${printIdentifier(schema)}.${printIdentifier(name)}`
}
