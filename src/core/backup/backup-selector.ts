import { readInstant } from '../text/instant.ts'
import { type BackupId, type BackupKind, parseBackupId } from './backup-id.ts'

/**
 * Which backup: the newest full one, or the newest of some kinds; the newest full one that shows the database
 * before an instant, or one by its id.
 */
export type BackupChoice =
  | { readonly by: 'latest'; readonly kinds?: readonly BackupKind[] }
  | { readonly by: 'before'; readonly instant: Date }
  | { readonly by: 'id'; readonly id: BackupId }

/**
 * Parses `latest`, `latest-before:2026-11-22T03:00:00Z`, a backup id, or the key or URI of an archive or
 * manifest. Throws a RangeError.
 */
export function parseBackupChoice(text: string): BackupChoice {
  if (text === 'latest') return { by: 'latest' }
  const instant = /^latest-before:(.+)$/.exec(text)?.[1]
  if (instant !== undefined) return { by: 'before', instant: parseInstant(instant) }
  return { by: 'id', id: parseBackupId(text.replace(/^.*\//, '').replace(/\.(dump|sql|json)$/, '')) }
}

function parseInstant(text: string): Date {
  const instant = readInstant(text)
  if (instant === undefined) throw new RangeError(`"${text}" is not an instant such as 2026-11-22T03:00:00Z`)
  return instant
}
