import { quoteIdentifier } from '../pg/quote.ts'
import { shellQuote } from '../text/shell-quote.ts'
import { lackingPattern } from './archive-toc.ts'
import type { Manifest } from './manifest.ts'
import { renderRestoreCommands, type StoreAddress } from './restore-commands.ts'

/** Every database has them. */
const ALWAYS_THERE = /^(public$|pg_|information_schema$)/

/**
 * The schemas of its tables and of the extensions, which are there before a partial archive is restored.
 * Empty for a full backup.
 */
function schemasBefore({ backup, server, fingerprint }: Manifest): readonly string[] {
  if (backup.tablePatterns.length + backup.schemaPatterns.length === 0) return []
  const schemas = [...fingerprint.tables, ...extensionsOf(server)].map(({ schema }) => schema)
  return [...new Set(['public', ...schemas])]
}

/**
 * What an empty database lacks before it can take a partial archive: `pg_dump --table` dumps neither the
 * schemas of its tables nor any extension, and `--schema` no extension. Its archive makes its schemas itself,
 * but an extension may have to be in one before: so they are made here, and left out there
 * (schemasToLeaveOut), which a plain script does not allow. Empty for a full backup. Types and functions
 * outside of the backup that its tables are made with are not known here.
 * https://www.postgresql.org/docs/18/app-pgdump.html (-t, -n)
 */
export function statementsBefore(manifest: Manifest): readonly string[] {
  const { archive, server, fingerprint } = manifest
  const isFixed = archive.format === 'plain' && makesSchemas(manifest)
  const madeLater = new Set(isFixed ? fingerprint.tables.map(({ schema }) => schema) : [])
  const schemas = schemasBefore(manifest)
  if (schemas.length === 0) return []
  return [
    ...(madeLater.has('public') ? ['DROP SCHEMA IF EXISTS public'] : []),
    ...schemas
      .filter(schema => !ALWAYS_THERE.test(schema) && !madeLater.has(schema))
      .map(schema => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`),
    ...extensionsOf(server)
      .filter(({ schema }) => !madeLater.has(schema))
      .map(
        ({ name, schema }) =>
          `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)} WITH SCHEMA ${quoteIdentifier(schema)}`,
      ),
  ]
}

/**
 * Schemas that the archive would make, and that are there already: `public`, which every new database has,
 * and those of statementsBefore. Empty where no schemas were named.
 */
export function schemasToLeaveOut(manifest: Manifest): readonly string[] {
  return makesSchemas(manifest) ? schemasBefore(manifest) : []
}

function makesSchemas({ backup }: Manifest): boolean {
  return backup.schemaPatterns.length > 0
}

function extensionsOf({ extensions }: Manifest['server']): Manifest['server']['extensions'] {
  return extensions.filter(({ name }) => name !== 'plpgsql')
}

/**
 * Shell commands that restore a backup, whole or partial, into the empty database in TARGET_URL. Entries can
 * be left out of an archive in a file only, so there is no stream for a partial one.
 */
export function renderBackupCommands(
  manifest: Manifest,
  store: StoreAddress,
): { readonly file: string; readonly stream: string | undefined } {
  const { object, archive } = manifest
  const filters = listFilters(manifest)
  const { format, compression } = archive
  const commands = renderRestoreCommands(object, store, { format, compression, filters })
  const before = renderCommandBefore(manifest)
  return {
    file: `${before}${commands.file}`,
    stream: filters.length === 0 ? `${before}${commands.stream}` : undefined,
  }
}

/**
 * What leaves out of the list of a partial archive what is there already, and what may lack what it needs.
 */
function listFilters(manifest: Manifest): readonly string[] {
  const { backup, archive } = manifest
  if (backup.kind !== 'partial' || archive.format === 'plain') return []
  const patterns = schemasToLeaveOut(manifest)
    .map(schema => ` -e ${shellQuote(` SCHEMA - ${inList(schema)} `)}`)
    .join('')
  return [
    ...(patterns === '' ? [] : [`grep -vF${patterns}`]),
    `grep -vE ${shellQuote(`^[0-9]+; [0-9]+ [0-9]+ ${lackingPattern(backup)} `)}`,
  ]
}

/** As pg_restore --list prints a name (sanitize_line in dumputils.c); grep takes each line for a pattern. */
function inList(name: string): string {
  return name.replace(/[\r\n]/g, ' ')
}

/** With `&&` at its end; empty where nothing is lacking. */
function renderCommandBefore(manifest: Manifest): string {
  const statements = statementsBefore(manifest)
  if (statements.length === 0) return ''
  const commands = statements.map(statement => `  --command ${shellQuote(statement)}`)
  return `psql --no-psqlrc --set ON_ERROR_STOP=1 --dbname "$TARGET_URL" \\\n${commands.join(' \\\n')} &&\n`
}
