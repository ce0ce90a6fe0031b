import { type DrillRecord, recoveryTimeMs } from '../drill/drill-record.ts'
import { durationMeasure, renderTrend, type Trend, type TrendPoint } from './trend.ts'

/** What the trend needs of a record. */
export type PastDrill = Pick<DrillRecord, 'drill' | 'durations'>

/** The recovery times of the last drills, and how this one compares. */
export function renderDrillTrend(current: PastDrill, previous: readonly PastDrill[]): Trend {
  return renderTrend(toPoint(current), previous.map(toPoint), {
    noun: 'drill',
    measures: [durationMeasure('not restored')],
  })
}

function toPoint({ drill, durations }: PastDrill): TrendPoint {
  return {
    id: drill.id,
    at: new Date(drill.startedAt),
    word: drill.verdict === 'pass' ? 'pass' : drill.verdict.toUpperCase(),
    values: [recoveryTimeMs(durations)],
  }
}
