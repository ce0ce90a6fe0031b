/**
 * What a backup was made for. A partial backup holds some tables only; a safety backup is taken of what a
 * restore is about to replace, which is most likely damaged.
 */
export const BACKUP_KINDS = [
  'daily',
  'manual',
  'pre-migration',
  'post-migration',
  'partial',
  'safety',
] as const
export type BackupKind = (typeof BACKUP_KINDS)[number]

/** Kinds that are restored only when their id is given, and never picked as the latest. */
export const NEVER_LATEST: readonly BackupKind[] = ['partial', 'safety']

/** Names one backup: `20261123T031500Z-daily-1a2b3c4d`. Ids sort by time. */
export interface BackupId {
  /** To the second, UTC. */
  readonly instant: Date
  readonly kind: BackupKind
  /** Eight hex digits, so that two backups in one second differ. */
  readonly nonce: string
}

const ID = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-([a-z-]+)-([0-9a-f]{8})$/

/** Throws a RangeError for anything but a backup id. */
export function parseBackupId(text: string): BackupId {
  const match = ID.exec(text)
  const kind = BACKUP_KINDS.find(candidate => candidate === match?.[7])
  const [, y, mo, d, h, mi, s, , nonce = ''] = match ?? []
  const instant = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
  // Date takes February 30th for March 2nd, and 24:00 for the next day.
  const isReal = !Number.isNaN(instant.getTime()) && text.startsWith(compactInstant(instant))
  if (kind === undefined || !isReal) {
    throw new RangeError(`"${text}" is not a backup id such as 20261123T031500Z-daily-1a2b3c4d`)
  }
  return { instant, kind, nonce }
}

export function renderBackupId({ instant, kind, nonce }: BackupId): string {
  return `${compactInstant(instant)}-${kind}-${nonce}`
}

/** `20261123T031500Z`: sorts by time, and is legal in every file system and URL. */
export function compactInstant(instant: Date): string {
  return instant.toISOString().replace(/[-:]|\.\d+/g, '')
}
