import type { ArchiveEntry } from '../backup/archive-toc.ts'

/** What goes with an extension and is not missed by anything else in the archive. */
const GOES_WITH_IT = ['COMMENT', 'ACL', 'SECURITY LABEL']

/**
 * What of an archive cannot be made without an extension: pg_dump notes what depends on one of its members
 * as depending on it.
 */
export function entriesThatNeed(
  extension: ArchiveEntry,
  entries: readonly ArchiveEntry[],
): readonly ArchiveEntry[] {
  return entries.filter(
    ({ kind, dependsOn }) => !GOES_WITH_IT.includes(kind) && dependsOn.includes(extension.id),
  )
}

/** Its comment, and the grants on its members. */
export function entriesThatGoWith(
  extension: ArchiveEntry,
  entries: readonly ArchiveEntry[],
): readonly ArchiveEntry[] {
  return entries.filter(
    ({ kind, dependsOn }) => GOES_WITH_IT.includes(kind) && dependsOn.includes(extension.id),
  )
}

/**
 * Rows of tables that no entry makes: an extension makes them and offers their rows to pg_dump. They depend
 * on the table, which is not in the archive, so that only the name tells. Empty where rows alone are
 * restored, into tables that are there.
 */
export function rowsOfExtensions(entries: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  if (!entries.some(({ kind }) => kind === 'EXTENSION')) return []
  const made = new Set(
    entries.filter(({ kind }) => /^(TABLE|SEQUENCE)$/.test(kind)).map(entry => keyOf(entry)),
  )
  return entries.filter(
    entry => ['TABLE DATA', 'SEQUENCE SET'].includes(entry.kind) && !made.has(keyOf(entry)),
  )
}

function keyOf({ schema, name }: ArchiveEntry): string {
  return JSON.stringify([schema, name])
}
