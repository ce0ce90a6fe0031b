import type { DrillRecord } from '../drill/drill-record.ts'
import { recoveryTimeMs } from '../drill/drill-record.ts'
import { renderDuration } from '../text/duration.ts'
import type { RestoreRecord } from './restore-record.ts'

export type MeasuredDrill = Pick<DrillRecord, 'backup' | 'durations'>
export type MeasuredRestore = Pick<RestoreRecord, 'backup' | 'durations'>

/**
 * How long the parts of a restore of that many bytes of archive should take, by what earlier ones took;
 * undefined where none was measured.
 */
export interface RestoreEstimate {
  /** Download and restore. */
  readonly durationMs: number
  readonly checksMs: number | undefined
  /** By earlier restores that took one of a database of about the same size. */
  readonly safetyBackupMs: number | undefined
  /** Drills that it rests on. */
  readonly drills: number
}

/** The median time a byte of the drills that restored something, times the bytes. Undefined without any. */
export function estimateRestore(
  archiveBytes: number,
  drills: readonly MeasuredDrill[],
  restores: readonly MeasuredRestore[] = [],
): RestoreEstimate | undefined {
  const durationMs = scale(
    archiveBytes,
    drills.map(({ backup, durations }) => [recoveryTimeMs(durations), backup.bytes]),
  )
  if (durationMs === undefined) return undefined
  const measured = [...drills, ...restores]
  return {
    durationMs,
    checksMs: scale(
      archiveBytes,
      measured.map(({ backup, durations }) => [durations.checksMs, backup.bytes]),
    ),
    safetyBackupMs: scale(
      archiveBytes,
      restores.map(({ backup, durations }) => [durations.safetyBackupMs, backup.bytes]),
    ),
    drills: drills.filter(({ backup, durations }) => recoveryTimeMs(durations) !== null && backup.bytes > 0)
      .length,
  }
}

function scale(
  bytes: number,
  measured: ReadonlyArray<readonly [ms: number | null, bytes: number]>,
): number | undefined {
  const paces = measured.flatMap(([ms, of]) => (ms === null || of === 0 ? [] : [ms / of]))
  const median = paces.toSorted((a, b) => a - b)[Math.floor(paces.length / 2)]
  return median === undefined ? undefined : Math.round(median * bytes)
}

/**
 * `about 4 min 10 s, by 3 drills; checks 20 s; safety backup 1 min 02 s`; says so where nothing was measured.
 */
export function renderEstimate(estimate: RestoreEstimate | undefined, takesSafetyBackup = false): string {
  if (estimate === undefined) return 'unknown: no drill has measured it yet'
  const { durationMs, checksMs, safetyBackupMs, drills } = estimate
  const by = drills === 1 ? '1 drill' : `${drills} drills`
  const checks = checksMs === undefined ? '' : `; checks ${renderDuration(checksMs)}`
  const safety =
    safetyBackupMs === undefined
      ? '; safety backup unknown: no restore has taken one yet'
      : `; safety backup ${renderDuration(safetyBackupMs)}`
  return `about ${renderDuration(durationMs)}, by ${by}${checks}${takesSafetyBackup ? safety : ''}`
}
