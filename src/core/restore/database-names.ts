import { compactInstant } from '../backup/backup-id.ts'

/** The server cuts longer names off, silently (NAMEDATALEN - 1). */
const NAME_BYTES = 63

/**
 * `logi_restored_20261123t031500z`: the new database that a backup is restored into. Lower case, so that
 * it needs no quotes.
 */
export function restoredName(database: string, instant: Date): string {
  return suffixed(database, 'restored', instant)
}

/** `logi_before_20261123t031500z`: what the old database is called after a swap. */
export function previousName(database: string, instant: Date): string {
  return suffixed(database, 'before', instant)
}

/** A suffix of an earlier restore is replaced, so that names do not grow from one to the next. */
function suffixed(database: string, what: string, instant: Date): string {
  const base = database.replace(/_(restored|before)_\d{8}t\d{6}z$/, '')
  const suffix = `_${what}_${compactInstant(instant).toLowerCase()}`
  return cut(base, NAME_BYTES - suffix.length) + suffix
}

/** At most that many bytes of UTF-8, whole characters. */
function cut(text: string, bytes: number): string {
  let kept = ''
  let length = 0
  for (const character of text) {
    length += new TextEncoder().encode(character).length
    if (length > bytes) break
    kept += character
  }
  return kept
}
