import { quoteIdentifier } from './identifier.ts'
import type { Manifest } from './manifest.ts'
import { quote } from './restore-commands.ts'

/** Every database has them. */
const ALWAYS_THERE = /^(public$|pg_|information_schema$)/

/**
 * What an empty database lacks before it can take a partial archive: `pg_dump --table` dumps neither the schemas of its tables nor any
 * extension, and `--schema` no extension. Empty for a full backup. Types, functions and tables outside of the backup that its tables
 * refer to are not known here. https://www.postgresql.org/docs/18/app-pgdump.html (-t, -n)
 */
export function statementsBefore({ backup, server, fingerprint }: Manifest): readonly string[] {
  if (backup.tables.length + backup.schemas.length === 0) return []
  const extensions = server.extensions.filter(({ name }) => name !== 'plpgsql')
  const own = new Set(fingerprint.tables.map(({ schema }) => schema))
  // With --schema the archive makes these itself.
  const isMade = (schema: string) => backup.tables.length === 0 && own.has(schema)
  const schemas = new Set([...own, ...extensions.map(({ schema }) => schema)])
  return [
    ...[...schemas]
      .filter(schema => !ALWAYS_THERE.test(schema) && !isMade(schema))
      .map(schema => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`),
    ...extensions
      .filter(({ schema }) => !isMade(schema))
      .map(
        ({ name, schema }) =>
          `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)} WITH SCHEMA ${quoteIdentifier(schema)}`,
      ),
  ]
}

/** The same as a shell command to run before the restore, with `&&` at its end; empty where nothing is lacking. */
export function renderCommandBefore(manifest: Manifest): string {
  const statements = statementsBefore(manifest)
  if (statements.length === 0) return ''
  const commands = statements.map(statement => `  --command ${quote(statement)}`)
  return `psql --no-psqlrc --set ON_ERROR_STOP=1 --dbname "$TARGET_URL" \\\n${commands.join(' \\\n')} &&\n`
}
