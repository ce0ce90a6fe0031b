import type { Manifest } from './manifest.ts'

/** What tells two databases apart that go by the same logical name: staging and production, say. */
export type DatabaseMarks = Pick<Manifest['server'], 'database' | 'systemIdentifier'>

/**
 * Why these are two databases, to complete "It is passed over: …"; undefined where they are one, as far as anybody can tell: older
 * manifests have no system identifier, and some roles may not read it.
 */
export function differenceOf(backup: DatabaseMarks, now: DatabaseMarks): string | undefined {
  if (backup.database !== now.database)
    return `it is of the database ${backup.database}, and this one is ${now.database}`
  const [before, after] = [backup.systemIdentifier, now.systemIdentifier]
  if (before === null || after === null || before === after) return undefined
  return `it is of a database ${now.database} on another server (system identifier ${before}, not ${after})`
}
