import type { TableName } from './criterion.ts'

/** `users`, `audit.events`, `"Mixed Case"."Users"`. Throws a RangeError. */
export function parseTableName(text: string): TableName {
  const parts = splitName(text)
  const [first = '', second] = parts
  if (parts.length > 2)
    throw new RangeError(`"${text}" has too many dots; a table is written table or schema.table`)
  return second === undefined ? { schema: undefined, name: first } : { schema: first, name: second }
}

/** `users.created_at`, `audit.events."At"`: the last part is the column. Throws a RangeError. */
export function parseColumnName(text: string): { readonly table: TableName; readonly column: string } {
  const parts = splitName(text)
  const column = parts.at(-1) ?? ''
  if (parts.length === 2) return { table: { schema: undefined, name: parts[0] ?? '' }, column }
  if (parts.length === 3) return { table: { schema: parts[0] ?? '', name: parts[1] ?? '' }, column }
  throw new RangeError(`"${text}" is not written table.column or schema.table.column`)
}

/** The parts of a dotted name, as SQL reads them: without quotes, ASCII letters fold to lower case. */
function splitName(text: string): readonly string[] {
  const part = /"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*)/u.source
  if (!new RegExp(`^(?:${part})(?:\\.(?:${part}))*$`, 'u').test(text))
    throw new RangeError(
      `"${text}" is not a name as SQL writes it; put parts with special characters in double quotes`,
    )
  return [...text.matchAll(new RegExp(part, 'gu'))].map(
    ([, quoted, plain]) =>
      quoted?.replaceAll('""', '"') ?? (plain ?? '').replace(/[A-Z]/g, c => c.toLowerCase()),
  )
}
