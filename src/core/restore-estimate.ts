import type { DrillRecord } from './drill-record.ts'
import { measuredRtoMs } from './drill-record.ts'
import { renderDuration } from './duration.ts'

export type MeasuredDrill = Pick<DrillRecord, 'backup' | 'durations'>

/** How long a download and restore of that many bytes of archive should take, by what drills measured. */
export interface RestoreEstimate {
  readonly durationMs: number
  /** Drills that it rests on. */
  readonly drills: number
}

/** The median time a byte of the drills that restored something, times the bytes. Undefined without any. */
export function estimateRestore(
  archiveBytes: number,
  drills: readonly MeasuredDrill[],
): RestoreEstimate | undefined {
  const paces = drills.flatMap(({ backup, durations }) => {
    const rtoMs = measuredRtoMs(durations)
    return rtoMs === null || backup.bytes === 0 ? [] : [rtoMs / backup.bytes]
  })
  const median = paces.toSorted((a, b) => a - b)[Math.floor(paces.length / 2)]
  return median === undefined
    ? undefined
    : { durationMs: Math.round(median * archiveBytes), drills: paces.length }
}

/** `about 4 min 10 s, by 3 drills`; says so where nothing was measured. */
export function renderEstimate(estimate: RestoreEstimate | undefined): string {
  if (estimate === undefined) return 'unknown: no drill has measured it yet'
  const by = estimate.drills === 1 ? '1 drill' : `${estimate.drills} drills`
  return `about ${renderDuration(estimate.durationMs)}, by ${by}`
}
