import { VERDICTS } from '../checks/check.ts'
import { recoveryTimeMs } from '../drill/drill-record.ts'
import * as d from '../json/decode.ts'
import { renderHead } from './record-head.ts'
import { durationMeasure, renderTrend, type Trend, type TrendPoint } from './trend.ts'

/** What the trend needs of a record. */
export const pastDrill = d.object({
  drill: d.object({ id: d.string, startedAt: d.timestamp, verdict: d.oneOf(VERDICTS) }),
  durations: d.object({
    downloadMs: d.nullable(d.nonNegativeInt),
    restoreMs: d.nullable(d.nonNegativeInt),
  }),
})
export type PastDrill = d.Decoded<typeof pastDrill>

/** The head of a drill record. */
export function renderDrillHead(record: PastDrill): Readonly<Record<string, string>> {
  return renderHead(pastDrill(record, ''))
}

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
