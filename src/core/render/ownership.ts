import type { RenderDatabase } from './resources.ts'

/** What a run knows of the instance that it made. */
export interface RecoveredInstance {
  readonly sourceId: string
  /** The name that only this run gives: see `renderRecoveryName`. */
  readonly name: string
  /** When the run asked for it; where it found the instance of an earlier attempt, when that was created. */
  readonly requestedAt: Date
}

/** Instances that this suite makes have names with this prefix. */
export const RECOVERY_PREFIX = 'pg-runbook-recovery'

/**
 * The name of the instance that a run recovers to. It is the same in every attempt of the run, so that a
 * second attempt finds what the first one asked for. Render takes names of up to 63 characters of this kind.
 */
export function renderRecoveryName(database: string, runId: string, target: string): string {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  const tail = [plain(runId || 'local'), plain(target)].join('-')
  return `${RECOVERY_PREFIX}-${plain(database).slice(0, 20)}-${tail}`.slice(0, 63).replace(/-+$/, '')
}

/** Clocks of Render and of the runner differ by this much at most. */
const CLOCK_TOLERANCE_MS = 5 * 60_000

/**
 * Why an instance must not be deleted; undefined where it is ours. Three marks, each read from the API just
 * before the request: it is not the source or a part of it, it has the name that only this run gives, and it
 * is younger than the run's request.
 */
export function reasonNotToDelete(found: RenderDatabase, ours: RecoveredInstance): string | undefined {
  const { id, name, createdAt, primaryPostgresID } = found
  if (id === ours.sourceId || stem(id) === stem(ours.sourceId)) return `${id} is the source itself`
  if (primaryPostgresID !== '') return `${id} is a replica of ${primaryPostgresID}`
  if (name !== ours.name || !name.startsWith(`${RECOVERY_PREFIX}-`))
    return `${id} is called ${name}, not ${ours.name}`
  const created = Date.parse(createdAt)
  if (Number.isNaN(created) || created < ours.requestedAt.getTime() - CLOCK_TOLERANCE_MS)
    return `${id} was created at ${createdAt}, before this run asked for one`
  return undefined
}

/** Replicas have the id of their primary, with another last letter. */
function stem(id: string): string {
  return id.replace(/-[a-z]$/, '')
}
