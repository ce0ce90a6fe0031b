import { renderDuration } from '../text/duration.ts'
import { readInstant } from '../text/instant.ts'
import type { RecoveryInfo } from './resources.ts'

/** Render recovers to no later instant than this long ago. https://render.com/docs/postgresql-backups */
const RECOVERY_LAG_MS = 10 * 60_000

/** `latest` keeps this distance from the limit: clocks differ, and the request takes its time. */
const MARGIN_MS = 2 * 60_000

/** Which instants a database can be recovered to. Render tells the start; the end follows from its lag. */
export interface RecoveryWindow {
  readonly startsAt: Date
  readonly endsAt: Date
}

/** An instant, or the last one that Render can recover to. */
export type PointInTime = Date | 'latest'

/** Parses `latest` or an instant with its offset. Throws a RangeError. */
export function parsePointInTime(text: string): PointInTime {
  if (text === 'latest') return 'latest'
  const instant = readInstant(text)
  if (instant === undefined)
    throw new RangeError('expected latest, or an instant with its offset such as 2026-11-22T03:00:00Z')
  return instant
}

/** Undefined where Render offers no recovery now; `describeNoWindow` then has the reason. */
export function readWindow(
  { recoveryStatus, startsAt }: RecoveryInfo,
  now: Date,
): RecoveryWindow | undefined {
  const start = new Date(startsAt ?? Number.NaN)
  if (recoveryStatus !== 'AVAILABLE' || Number.isNaN(start.getTime())) return undefined
  const endsAt = new Date(now.getTime() - RECOVERY_LAG_MS)
  return endsAt < start ? undefined : { startsAt: start, endsAt }
}

/** Why there is no window, and what to do. */
export function describeNoWindow({ recoveryStatus, startsAt }: RecoveryInfo): {
  readonly reason: string
  readonly hint: string
} {
  if (recoveryStatus === 'NOT_AVAILABLE')
    return {
      reason: 'Render offers no point-in-time recovery for it (NOT_AVAILABLE)',
      hint: 'Move it to a paid plan: the free plan has no recovery. Until then, restore from the bucket.',
    }
  if (recoveryStatus === 'BACKUP_NOT_READY' || recoveryStatus === 'AVAILABLE')
    return {
      reason: `its first backup is not ready yet (${recoveryStatus}${startsAt === null ? '' : `, starts at ${startsAt}`})`,
      hint: 'Wait for the first backup of the instance, some minutes to hours, or restore from the bucket.',
    }
  return {
    reason: `Render answers with a recovery status this version does not know (${recoveryStatus || 'empty'})`,
    hint: 'Look at the Recovery page of the instance in the dashboard of Render.',
  }
}

/** The instant to recover to. Throws a RangeError that names the window where it lies outside. */
export function resolvePointInTime(wanted: PointInTime, { startsAt, endsAt }: RecoveryWindow): Date {
  const text = `recoverable are ${startsAt.toISOString()} to ${endsAt.toISOString()}`
  const isNarrow = endsAt.getTime() - startsAt.getTime() < MARGIN_MS
  if (wanted === 'latest') return isNarrow ? endsAt : new Date(endsAt.getTime() - MARGIN_MS)
  if (wanted < startsAt) throw new RangeError(`${wanted.toISOString()} is before the window: ${text}`)
  if (wanted > endsAt)
    throw new RangeError(
      `${wanted.toISOString()} is less than ${renderDuration(RECOVERY_LAG_MS)} ago, or in the future: ${text}`,
    )
  return wanted
}

export function windowMs({ startsAt, endsAt }: RecoveryWindow): number {
  return endsAt.getTime() - startsAt.getTime()
}
