import type { QualifiedName } from './qualified-name.ts'

/** What a COPY statement of pg_dump fills. */
interface CopyTarget extends QualifiedName {
  /** Empty where a table has no columns. */
  readonly columns: readonly string[]
}

const NAME = '(?:"(?:[^"]|"")*"|[^\\s".,();]+)'
const STATEMENT = new RegExp(
  `^COPY (${NAME})\\.(${NAME})(?: \\((${NAME}(?:, ${NAME})*)\\))?\\s+FROM stdin;$`,
  'is',
)

/**
 * Reads `COPY public."Users" (id, "Full name") FROM stdin;`; undefined for anything else. Names may hold line
 * ends.
 */
export function parseCopyStatement(text: string): CopyTarget | undefined {
  const [, schema, name, columns = ''] = STATEMENT.exec(text) ?? []
  if (schema === undefined || name === undefined) return undefined
  return {
    schema: unquote(schema),
    name: unquote(name),
    columns: (columns.match(new RegExp(NAME, 'gs')) ?? []).map(unquote),
  }
}

/** True when the statement is over: its semicolon is outside of quotes. */
export function isWholeStatement(text: string): boolean {
  return text.endsWith(';') && (text.split('"').length - 1) % 2 === 0
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
