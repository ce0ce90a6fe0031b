import type { Manifest } from './manifest.ts'

/** What tells two databases apart that go by the same logical name: staging and production, say. */
export type DatabaseMarks = Pick<Manifest['server'], 'database' | 'systemIdentifier'>

/**
 * Why these are two databases, to complete "It is skipped: …"; undefined when they are one, as far as is
 * known: older manifests have no system identifier, and some roles may not read it.
 */
export function differenceOf(backup: DatabaseMarks, now: DatabaseMarks): string | undefined {
  if (backup.database !== now.database)
    return `it is of the database ${backup.database}, and this one is ${now.database}`
  const [before, after] = [backup.systemIdentifier, now.systemIdentifier]
  if (before === null || after === null || before === after) return undefined
  return `it is of a database ${now.database} on another server (system identifier ${before}, not ${after})`
}

/**
 * What the operator types to confirm that a backup of another database is meant: the system identifier of its
 * server, or the name of the database when the servers are the same or cannot be distinguished. Undefined
 * when nothing differs. After a disaster the new server always has another identifier, so this is a question
 * and not a prohibition.
 */
export function sourceConfirmation(backup: DatabaseMarks, now: DatabaseMarks): string | undefined {
  if (differenceOf(backup, now) === undefined) return undefined
  const isSameServer = backup.systemIdentifier === now.systemIdentifier || now.systemIdentifier === null
  return isSameServer ? backup.database : (backup.systemIdentifier ?? backup.database)
}

/** `logi of system 7301234567890123456`: whose backup it is, or which database. */
export function renderIdentity({ database, systemIdentifier }: DatabaseMarks): string {
  return systemIdentifier === null
    ? `${database} of a system that could not be identified`
    : `${database} of system ${systemIdentifier}`
}

/** `of another system: logi of system 7301…, and the target is logi of system 7302…` */
export function renderDifference(backup: DatabaseMarks, target: DatabaseMarks): string {
  const what = backup.systemIdentifier === target.systemIdentifier ? 'database' : 'system'
  return `of another ${what}: ${renderIdentity(backup)}, and the target is ${renderIdentity(target)}`
}
