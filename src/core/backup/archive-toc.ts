import { keyOf } from '../pg/qualified-name.ts'
import { referencedTable } from './foreign-key.ts'
import type { Manifest } from './manifest.ts'

/** Which `pg_restore --section` restores an entry; `none` for what belongs to all of them. */
export type ArchiveSection = 'pre-data' | 'data' | 'post-data' | 'none'

/** One entry of an archive's table of contents. */
export interface ArchiveEntry {
  readonly id: string
  /** As pg_restore --list prints it: `TABLE DATA`, `FK CONSTRAINT`. */
  readonly kind: string
  /** Null where the object has none. */
  readonly schema: string | null
  /**
   * As it is, without quotes; of a comment or grant what it is about, as SQL names it: `EXTENSION
   * "uuid-ossp"`.
   */
  readonly name: string
  readonly owner: string
  readonly section: ArchiveSection
  /** The SQL that makes the object; empty for kinds whose SQL only pg_restore reads. */
  readonly definition: string
  /** Ids of entries that come first, and of objects that are not in the archive. */
  readonly dependsOn: readonly string[]
}

/** Kind, schema, name and owner on one line, as pg_restore --list shows them. */
export function renderEntry({ kind, schema, name, owner }: ArchiveEntry): string {
  return [kind, schema ?? '-', name, owner].join(' ').replace(/[\r\n]/g, ' ')
}

/** What an archive holds, in the order in which it is restored. */
export interface ArchiveToc {
  readonly entries: readonly ArchiveEntry[]
  /** The statements that set the database's own settings. pg_restore runs them with --create only. */
  readonly databaseSettings: readonly string[]
}

/** What a partial backup was made of: nothing named is all but some tables. */
type Part = Pick<Manifest['backup'], 'tablePatterns' | 'schemaPatterns'>

export interface EntryChoice {
  readonly isSuperuser: boolean
  /** Publications that the target has already and that this role does not own. */
  readonly foreignPublications: readonly string[]
  /** Extensions that the target has already and that this role does not own. */
  readonly foreignExtensions: readonly string[]
  /** Schemas that are there and stay, because they hold extensions of another role. */
  readonly keptSchemas: readonly string[]
  /** Schemas that were made before, for what has to be in them first; their comments are restored. */
  readonly madeSchemas: readonly string[]
  /** Ids of rows of extensions that stay, with the rows that are there. */
  readonly keptRows: ReadonlySet<string>
  /** What the backup was narrowed to; undefined for a full one. */
  readonly part: Part | undefined
  /**
   * Ids of the only entries of data that are wanted; undefined wants all. Rows alone are restored in this
   * order.
   */
  readonly dataOnlyOf: ReadonlySet<string> | undefined
  /** Nothing but these rows. */
  readonly rowsOnly: boolean
}

export interface ChosenEntries {
  readonly kept: readonly ArchiveEntry[]
  /**
   * What a full restore would have, and this one has not: the target does not let this role have it, or a
   * partial backup not what it needs.
   */
  readonly leftOut: readonly ArchiveEntry[]
}

/**
 * Which entries to restore. What only a superuser may create, and comments on extensions of another role,
 * would end the restore. A subscription would take up replication where the original has it. With data of
 * some tables only, references between tables stay out, because what they point to is not there.
 */
export function chooseEntries(entries: readonly ArchiveEntry[], choice: EntryChoice): ChosenEntries {
  const { dataOnlyOf, rowsOnly } = choice
  if (rowsOnly) {
    const byId = new Map(entries.map(entry => [entry.id, entry]))
    return { kept: [...(dataOnlyOf ?? [])].flatMap(id => byId.get(id) ?? []), leftOut: [] }
  }
  const mayLack = choice.part === undefined ? () => false : mayLackWhatItNeeds(entries, choice.part)
  const leftOut = new Set(entries.filter(entry => mayLack(entry) || isOutOfReach(entry, choice, entries)))
  const kept = entries.filter(
    entry => !leftOut.has(entry) && !isThere(entry, choice) && isWanted(entry, dataOnlyOf),
  )
  return { kept, leftOut: [...leftOut] }
}

function isOutOfReach(entry: ArchiveEntry, choice: EntryChoice, all: readonly ArchiveEntry[]): boolean {
  const { isSuperuser, foreignExtensions } = choice
  if (isOfSubscription(entry)) return true
  if (choice.keptRows.has(entry.id)) return true
  if (foreignExtensions.some(name => isCommentOn(entry, 'EXTENSION', name))) return true
  if (isOutOfReachPublication(entry, choice, all)) return true
  return !isSuperuser && isOfEventTrigger(entry)
}

function isOutOfReachPublication(
  entry: ArchiveEntry,
  { isSuperuser, foreignPublications }: EntryChoice,
  all: readonly ArchiveEntry[],
): boolean {
  const isOut = (other: ArchiveEntry) =>
    other.kind.startsWith('PUBLICATION') &&
    (foreignPublications.includes(publicationOf(other)) || (!isSuperuser && isSuperuserPublication(other)))
  if (entry.kind !== 'COMMENT' || !entry.name.startsWith('PUBLICATION ')) return isOut(entry)
  return all.some(other => isOut(other) && isCommentOn(entry, 'PUBLICATION', publicationOf(other)))
}

const PUBLICATION = /^(?:CREATE|ALTER) PUBLICATION ("(?:[^"]|"")*"|[^\s;]+)([^\n]*)/m

/** The publication that an entry makes, or adds to. */
function publicationOf({ definition }: ArchiveEntry): string {
  const [, name = ''] = PUBLICATION.exec(definition) ?? []
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}

/** A subscription, its tables, or its comment. */
export function isOfSubscription({ kind, name }: ArchiveEntry): boolean {
  return kind.startsWith('SUBSCRIPTION') || (kind === 'COMMENT' && name.startsWith('SUBSCRIPTION '))
}

/** An event trigger, or its comment. */
export function isOfEventTrigger({ kind, name }: ArchiveEntry): boolean {
  return kind === 'EVENT TRIGGER' || (kind === 'COMMENT' && name.startsWith('EVENT TRIGGER '))
}

/** It is for all tables, or for all of a schema: CREATE PUBLICATION needs a superuser for that. */
export function isSuperuserPublication({ kind, definition }: ArchiveEntry): boolean {
  const [, , does = ''] = PUBLICATION.exec(definition) ?? []
  return kind.startsWith('PUBLICATION') && /^ (FOR ALL|ADD TABLES IN SCHEMA) /.test(does)
}

/** Comments name their object as SQL would, in quotes where it needs them. */
function isCommentOn({ kind, name }: ArchiveEntry, what: string, commented: string): boolean {
  if (kind !== 'COMMENT') return false
  return [commented, `"${commented.replace(/"/g, '""')}"`].some(written => name === `${what} ${written}`)
}

/** What stays has its comment, too. */
function isThere(entry: ArchiveEntry, { keptSchemas, madeSchemas }: EntryChoice): boolean {
  const makes = (name: string) => entry.kind === 'SCHEMA' && entry.name === name
  return (
    madeSchemas.some(makes) || keptSchemas.some(name => makes(name) || isCommentOn(entry, 'SCHEMA', name))
  )
}

/**
 * Tells what a partial archive holds of its tables, and may not be able to make without something outside
 * of it: references to tables whose rows it does not have; and, where only what was named is in it,
 * triggers, whose functions it need not have. With comments on both.
 */
export function mayLackWhatItNeeds(
  entries: readonly ArchiveEntry[],
  part: Part,
): (entry: ArchiveEntry) => boolean {
  const pattern = new RegExp(`^${lackingPattern(part)} `, 's')
  const withRows = new Set(entries.filter(({ kind }) => kind === 'TABLE DATA').map(nameKey))
  return entry => {
    const target = referencedTable(entry.definition)
    return pattern.test(renderEntry(entry)) && (target === undefined || !withRows.has(keyOf(target)))
  }
}

function nameKey({ schema, name }: ArchiveEntry): string {
  return keyOf({ schema: schema ?? '', name })
}

/** The same for the beginning of a title, as grep -E takes it too. */
export function lackingPattern({ tablePatterns, schemaPatterns }: Part): string {
  return tablePatterns.length + schemaPatterns.length > 0 ? `(${REFERENCE}|${TRIGGER})` : `(${REFERENCE})`
}

/** The list does not say whether a constraint with a comment is a reference. */
const REFERENCE = 'FK CONSTRAINT|COMMENT .* CONSTRAINT'
const TRIGGER = 'TRIGGER|COMMENT .* TRIGGER'
const IS_REFERENCE = new RegExp(`^(${REFERENCE}) `, 's')

const DATA = ['TABLE DATA', 'MATERIALIZED VIEW DATA', 'SEQUENCE SET', 'BLOBS', 'BLOB', 'BLOB METADATA']

function isWanted(entry: ArchiveEntry, dataOnlyOf: ReadonlySet<string> | undefined): boolean {
  if (dataOnlyOf === undefined) return true
  if (DATA.includes(entry.kind)) return dataOnlyOf.has(entry.id)
  return !IS_REFERENCE.test(renderEntry(entry)) || dataOnlyOf.size === 0
}

/** The text of a file for `pg_restore --use-list`, which reads no more than the number of each entry. */
export function renderUseList(entries: readonly ArchiveEntry[]): string {
  return entries.map(({ id }) => `${id};\n`).join('')
}
