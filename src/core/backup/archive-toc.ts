import type { Manifest } from './manifest.ts'

/** One line of `pg_restore --list`: what the archive holds, in the order in which it is restored. */
export interface ArchiveEntry {
  readonly id: string
  /** `TABLE DATA`, `FK CONSTRAINT`; the empty text where it is none of those that matter here. */
  readonly kind: string
  /** What follows the numbers: kind, schema, name and owner. */
  readonly title: string
}

/** Kinds that are treated apart, the longer before those that begin like them. */
const KINDS = [
  'TABLE DATA',
  'TABLE',
  'EVENT TRIGGER',
  'MATERIALIZED VIEW DATA',
  'SEQUENCE SET',
  'SUBSCRIPTION TABLE',
  'SUBSCRIPTION',
  'PUBLICATION',
  'COMMENT',
  'SCHEMA',
  'BLOB METADATA',
  'BLOBS',
  'BLOB',
] as const

/**
 * Reads `3741; 0 16515 TABLE DATA public users owner`; lines that begin with a semicolon are comments. Names may hold what others
 * take for the end of a line, such as U+2028.
 */
export function parseArchiveList(text: string): readonly ArchiveEntry[] {
  return text.split('\n').flatMap(line => {
    const match = /^(\d+); \d+ \d+ (.*)$/s.exec(line)
    if (match === null) return []
    const [, id = '', title = ''] = match
    return [{ id, title, kind: KINDS.find(kind => title.startsWith(`${kind} `)) ?? '' }]
  })
}

/** What an entry does to a publication. */
export interface PublicationEntry {
  readonly publication: string
  /** It is for all tables, or for all of a schema: CREATE PUBLICATION wants a superuser for that. */
  readonly isForSuperuser: boolean
}

/** What a partial backup was made of: nothing named is all but some tables. */
export type Part = Pick<Manifest['backup'], 'tablePatterns' | 'schemaPatterns'>

export interface EntryChoice {
  readonly isSuperuser: boolean
  /** By the id of the entry. */
  readonly publications: ReadonlyMap<string, PublicationEntry>
  /** Publications that the target has already and that this role does not own. */
  readonly foreignPublications: readonly string[]
  /** Extensions that the target has already and that this role does not own. */
  readonly foreignExtensions: readonly string[]
  /** Schemas that are there and stay, because they hold extensions of somebody else. */
  readonly keptSchemas: readonly string[]
  /** Schemas that were made before, for what has to be in them first; their comments are restored. */
  readonly madeSchemas: readonly string[]
  /** Names of schemas by the id of the entry that makes them: the list does not say where a name ends and its owner begins. */
  readonly schemas: ReadonlyMap<string, string>
  /** Ids of rows of extensions that stay, with the rows that are there. */
  readonly keptRows: ReadonlySet<string>
  /** What the backup was narrowed to; undefined for a full one. */
  readonly part: Part | undefined
  /** Ids of the only entries of data that are wanted; undefined wants all. Rows alone are restored in this order. */
  readonly dataOnlyOf: ReadonlySet<string> | undefined
  /** Nothing but these rows. */
  readonly rowsOnly: boolean
}

export interface ChosenEntries {
  readonly kept: readonly ArchiveEntry[]
  /** What a full restore would have, and this one has not: the target does not let this role have it, or a partial backup not what it needs. */
  readonly leftOut: readonly ArchiveEntry[]
}

/**
 * Which entries to restore. What only a superuser may create, and comments on extensions of somebody else, would end the restore.
 * A subscription would take up replication where the original has it. With data of some tables only, references between tables
 * stay out, because what they point to is not there.
 */
export function chooseEntries(entries: readonly ArchiveEntry[], choice: EntryChoice): ChosenEntries {
  const { dataOnlyOf, rowsOnly } = choice
  if (rowsOnly)
    return {
      kept: [...(dataOnlyOf ?? [])].flatMap(id => entries.find(entry => entry.id === id) ?? []),
      leftOut: [],
    }
  const leftOut = entries.filter(entry => isOutOfReach(entry, choice))
  const kept = entries.filter(
    entry => !isOutOfReach(entry, choice) && !isThere(entry, choice) && isWanted(entry, dataOnlyOf),
  )
  return { kept, leftOut }
}

function isOutOfReach(entry: ArchiveEntry, choice: EntryChoice): boolean {
  const { kind, title } = entry
  const { isSuperuser, foreignExtensions } = choice
  if (kind.startsWith('SUBSCRIPTION')) return true
  if (choice.keptRows.has(entry.id)) return true
  if (choice.part !== undefined && mayLackWhatItNeeds(entry, choice.part)) return true
  if (foreignExtensions.some(name => isCommentOn(entry, 'EXTENSION', name))) return true
  if (isOutOfReachPublication(entry, choice)) return true
  return !isSuperuser && (kind === 'EVENT TRIGGER' || title.startsWith('COMMENT - EVENT TRIGGER '))
}

function isOutOfReachPublication(entry: ArchiveEntry, choice: EntryChoice): boolean {
  const { isSuperuser, publications, foreignPublications } = choice
  const isOut = ({ publication, isForSuperuser }: PublicationEntry) =>
    foreignPublications.includes(publication) || (!isSuperuser && isForSuperuser)
  const own = publications.get(entry.id)
  if (own !== undefined) return isOut(own)
  return [...publications.values()].some(
    other => isOut(other) && isCommentOn(entry, 'PUBLICATION', other.publication),
  )
}

/** Comments name their object as SQL would, in quotes where it needs them; `title` of everything else has the plain name. */
function isCommentOn({ kind, title }: ArchiveEntry, what: string, name: string): boolean {
  if (kind !== 'COMMENT') return false
  return [name, `"${name.replace(/"/g, '""')}"`].some(written =>
    title.startsWith(`COMMENT - ${what} ${written} `),
  )
}

/** What stays has its comment, too. */
function isThere(entry: ArchiveEntry, { keptSchemas, madeSchemas, schemas }: EntryChoice): boolean {
  const makes = (name: string) => schemas.get(entry.id) === name
  return (
    madeSchemas.some(makes) || keptSchemas.some(name => makes(name) || isCommentOn(entry, 'SCHEMA', name))
  )
}

/**
 * What a partial archive holds of its tables, and may not be able to make without something outside of it: references to other tables; and, where
 * only what was named is in it, triggers, whose functions it need not have. With comments on both.
 */
export function mayLackWhatItNeeds({ title }: ArchiveEntry, part: Part): boolean {
  return new RegExp(`^${lackingPattern(part)} `, 's').test(title)
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

function isWanted({ kind, id, title }: ArchiveEntry, dataOnlyOf: ReadonlySet<string> | undefined): boolean {
  if (dataOnlyOf === undefined) return true
  if (DATA.includes(kind)) return dataOnlyOf.has(id)
  return !IS_REFERENCE.test(title) || dataOnlyOf.size === 0
}

/** The text of a file for `pg_restore --use-list`. */
export function renderUseList(entries: readonly ArchiveEntry[]): string {
  return `${entries.map(({ id, title }) => `${id}; 0 0 ${title}`).join('\n')}\n`
}
