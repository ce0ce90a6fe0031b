import type { ArchiveEntry } from '../backup/archive-toc.ts'
import { quoteIdentifier } from '../pg/quote.ts'
import type { Attempt, PassFacts, PassRole } from './pass.ts'

/**
 * What has to be there before anything else: extensions, with the schemas that they are in. A failure says
 * what the server lacks, and nothing about the archive.
 */
export function planPrerequisites(
  entries: readonly ArchiveEntry[],
  { hasSuperuser }: Pick<PassFacts, 'hasSuperuser'>,
  owner: string | undefined,
): readonly Attempt[] {
  const role: PassRole = hasSuperuser ? 'superuser' : 'owner'
  const authorization = owner === undefined ? '' : ` AUTHORIZATION ${quoteIdentifier(owner)}`
  return entries
    .filter(({ kind }) => kind === 'EXTENSION')
    .map(entry => {
      const schema = extensionSchema(entry, entries)
      return {
        what: `extension ${entry.name}`,
        role,
        statements: [
          ...(schema === undefined
            ? []
            : [`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}${authorization}`]),
          renderCreateExtension(entry),
        ],
        entry,
      }
    })
}

/** Rebuilt from its names: nothing else of the archive's text is run by a superuser here. */
function renderCreateExtension({ name, definition }: ArchiveEntry): string {
  const schema = schemaOf(definition)
  const into = schema === undefined ? '' : ` WITH SCHEMA ${quoteIdentifier(schema)}`
  return `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}${into}`
}

const NAME = String.raw`"(?:[^"]|"")*"|[^\s;"]+`
const WITH_SCHEMA = new RegExp(`^CREATE EXTENSION (?:IF NOT EXISTS )?(?:${NAME}) WITH SCHEMA (${NAME})`)

/** pg_dump writes the schema of an extension into its statement only. */
function schemaOf(definition: string): string | undefined {
  const [, written] = WITH_SCHEMA.exec(definition) ?? []
  if (written === undefined) return undefined
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written
}

/** The schema of an extension, where the archive makes it. */
export function extensionSchema(
  { definition }: ArchiveEntry,
  entries: readonly ArchiveEntry[],
): string | undefined {
  const schema = schemaOf(definition)
  return entries.some(({ kind, name }) => kind === 'SCHEMA' && name === schema) ? schema : undefined
}
