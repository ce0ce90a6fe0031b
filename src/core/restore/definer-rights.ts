import type { ArchiveEntry } from '../backup/archive-toc.ts'
import type { QualifiedName } from '../pg/qualified-name.ts'

/**
 * Something that always runs with the rights of its owner: a SECURITY DEFINER routine or a view.
 */
export interface DefinerObject extends QualifiedName {
  readonly kind: 'FUNCTION' | 'PROCEDURE' | 'VIEW'
  /** Types of its arguments as the archive lists them; null for a view. */
  readonly types: string | null
  /** Its name as GRANT quotes it, without the schema. */
  readonly quotedName: string
  /** For SQL: `app.su(q text)`. */
  readonly identity: string
  /** Its owner after the restore. */
  readonly owner: string
  /** Other roles that may use it, quoted for SQL. */
  readonly grantees: readonly string[]
}

/** What is done to one object, so that it gives no role more rights than its original did. */
export interface DefinerChange {
  readonly object: DefinerObject
  /** The owner of the original; undefined when the archive does not list it. */
  readonly originalOwner: string | undefined
  /** The original had rights of its own, which the restore has not: PUBLIC may have lost EXECUTE. */
  readonly losesGrants: boolean
}

/**
 * Which objects need a change: those of another owner, and those whose grants were not restored. Grants of a
 * view start empty, so that it needs none unless grants were restored.
 */
export function definerChanges(
  objects: readonly DefinerObject[],
  entries: readonly ArchiveEntry[],
  restoresGrants: boolean,
): readonly DefinerChange[] {
  const entryOf = new Map(entries.map(entry => [keyOf(entry.kind, entry.schema, entry.name), entry]))
  return objects
    .filter(({ kind }) => kind !== 'VIEW' || restoresGrants)
    .map(object => ({
      object,
      originalOwner: entryOf.get(keyOf(object.kind, object.schema, object.name + signature(object)))?.owner,
      losesGrants: !restoresGrants && entryOf.has(aclKey(object)),
    }))
    .filter(({ object, originalOwner: owner, losesGrants }) => owner !== object.owner || losesGrants)
}

function aclKey(object: DefinerObject): string {
  return keyOf('ACL', object.schema, `${object.kind} ${object.quotedName}${signature(object)}`)
}

function keyOf(kind: string, schema: string | null, name: string): string {
  return JSON.stringify([kind, schema, name])
}

/** As an archive writes it behind the name (format_function_signature in pg_dump.c). */
function signature({ types }: DefinerObject): string {
  return types === null ? '' : `(${types})`
}

/** The entries that make SECURITY DEFINER routines of other roles than this one. */
export function definersOfOthers(entries: readonly ArchiveEntry[], role: string): readonly ArchiveEntry[] {
  return entries.filter(
    ({ kind, owner, definition }) =>
      (kind === 'FUNCTION' || kind === 'PROCEDURE') && owner !== role && DEFINER.test(headOf(definition)),
  )
}

const DEFINER = /\bSECURITY DEFINER\b/

/** What comes before the body: pg_dump writes the options of a routine first. */
function headOf(definition: string): string {
  return definition.split(/^ {4}(?:AS |BEGIN ATOMIC|RETURN )/m)[0] ?? ''
}

/** What holds no code that could run: rights, comments, names and rows. */
const WITHOUT_CODE = /^(ACL|DEFAULT ACL|COMMENT|SECURITY LABEL|SCHEMA|SEQUENCE.*|TABLE DATA|BLOB.*)$/

/**
 * The entries with code of other roles than this one. Those without an owner, such as extensions, do not
 * count.
 */
export function entriesOfOthers(entries: readonly ArchiveEntry[], role: string): readonly ArchiveEntry[] {
  return entries.filter(({ kind, owner }) => !WITHOUT_CODE.test(kind) && owner !== '' && owner !== role)
}
