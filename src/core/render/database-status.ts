import type { RenderDatabase } from './resources.ts'

/** What the status of a database means for someone who waits for it. */
type StatusVerdict = 'ready' | 'failed' | 'wait'

/** Values of the API's enum that do not end the wait. `unknown` is what a new instance says first. */
const TRANSIENT: readonly string[] = [
  'creating',
  'unavailable',
  'config_restart',
  'maintenance_scheduled',
  'maintenance_in_progress',
  'recovery_in_progress',
  'unknown',
  'updating_instance',
]

/** Judges the status of an instance that is being recovered, or resumed. */
export function judgeStatus({
  status,
  suspended,
}: Pick<RenderDatabase, 'status' | 'suspended'>): StatusVerdict {
  if (status === 'recovery_failed') return 'failed'
  if (suspended === 'suspended' || status === 'suspended') return 'wait'
  return status === 'available' ? 'ready' : 'wait'
}

/** Whether this version knows the status; the API may add some, and an unknown one is said, not refused. */
export function isKnownStatus(status: string): boolean {
  return ['available', 'suspended', 'recovery_failed', ...TRANSIENT].includes(status)
}

/** How a deploy ended; undefined while it goes on. `deactivated` was live, and a newer one took over. */
export function judgeDeploy(status: string): 'live' | 'failed' | undefined {
  if (status === 'live' || status === 'deactivated') return 'live'
  return /_failed$|^cancell?ed$/.test(status) ? 'failed' : undefined
}
