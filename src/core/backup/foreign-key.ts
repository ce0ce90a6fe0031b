import type { QualifiedName } from '../pg/qualified-name.ts'

const NAME = '("(?:[^"]|"")*"|[^\\s",.()]+)'
const TABLE = `${NAME}\\.${NAME}`
/** As pg_dump writes it (dumpConstraint in pg_dump.c), from its beginning: a name may hold any word. */
const FOREIGN_KEY = new RegExp(
  `^ALTER TABLE (?:ONLY )?${TABLE}\\s+ADD CONSTRAINT ${NAME} FOREIGN KEY \\(${NAME}(?:, ${NAME})*\\) REFERENCES ${TABLE}\\(`,
)

/** The table that a foreign key points to, by the SQL that makes it; undefined where it is not that. */
export function referencedTable(definition: string): QualifiedName | undefined {
  const [schema, name] = FOREIGN_KEY.exec(definition)?.slice(-2) ?? []
  return schema === undefined || name === undefined
    ? undefined
    : { schema: unquote(schema), name: unquote(name) }
}

function unquote(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written
}
