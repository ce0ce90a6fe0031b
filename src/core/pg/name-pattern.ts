/** A pg_dump object pattern as regular expressions, the way PostgreSQL itself translates it. */
export interface NamePattern {
  /** Undefined where the pattern names no schema: then the object must be visible on the search path. */
  readonly schema: string | undefined
  readonly name: string
}

/**
 * Translates `users`, `audit.*`, `"Mixed Case"."Users"` as pg_dump does: unquoted letters fold to lower case,
 * * and ? are wildcards, a dot parts schema and name, and quotes make everything literal. Source:
 * processSQLNamePattern and patternToSQLRegex in PostgreSQL's src/fe_utils/string_utils.c. Throws a
 * RangeError for an unclosed quote, more than two parts, or an empty part.
 */
export function parseNamePattern(pattern: string): NamePattern {
  const parts = splitParts(pattern)
  if (parts.length > 2) throw new RangeError(`"${pattern}" has too many dots; expected table or schema.table`)
  if (parts.some(part => part === '')) throw new RangeError(`"${pattern}" has an empty part`)
  const [first = '', second] = parts.map(part => `^(${part})$`)
  return second === undefined ? { schema: undefined, name: first } : { schema: first, name: second }
}

/** Translates a pattern of schemas. Throws a RangeError for one with a dot, which names a table. */
export function parseSchemaPattern(pattern: string): string {
  const { schema, name } = parseNamePattern(pattern)
  if (schema !== undefined) throw new RangeError(`"${pattern}" has a dot; expected the name of a schema`)
  return name
}

function splitParts(pattern: string): readonly string[] {
  const parts = ['']
  let quoted = false
  for (let i = 0; i < pattern.length; i += 1) {
    const c = pattern.charAt(i)
    if (c === '"') {
      const doubled = quoted && pattern.charAt(i + 1) === '"'
      if (doubled) i += 1
      else quoted = !quoted
      if (!doubled) continue
    }
    if (c === '.' && !quoted) parts.push('')
    else parts[parts.length - 1] += quoted ? quotedRegex(c) : unquotedRegex(c, pattern.charAt(i + 1))
  }
  if (quoted) throw new RangeError(`"${pattern}" has a quote that is not closed`)
  return parts
}

function quotedRegex(c: string): string {
  return /[|*+?()[\]{}.^$\\]/.test(c) ? `\\${c}` : c
}

/**
 * Only ASCII folds: pg_dump runs in the C locale. `[]` is the name of an array type rather than a set of
 * characters.
 */
function unquotedRegex(c: string, next: string): string {
  if (c === '*') return '.*'
  if (c === '?') return '.'
  if (c === '$' || (c === '[' && next === ']')) return `\\${c}`
  return /[A-Z]/.test(c) ? c.toLowerCase() : c
}
