import { type Bar, renderBars } from './chart.ts'
import { type DrillRecord, measuredRtoMs } from './drill-record.ts'
import { renderDuration } from './duration.ts'

/** What the trend needs of a record. */
export type PastDrill = Pick<DrillRecord, 'drill' | 'durations'>

/** Drills shown, this one included: a year of monthly ones. */
const SHOWN = 12

/** The recovery times of the last drills as a chart in plain text, oldest first, and how this one compares. */
export interface DrillTrend {
  readonly chart: string
  /** One sentence; null where there is nothing to compare with. */
  readonly comparison: string | null
}

/** `previous` in any order; what started later than this drill, or is this drill, is left out. */
export function renderDrillTrend(current: PastDrill, previous: readonly PastDrill[]): DrillTrend {
  const earlier = previous
    .filter(past => startOf(past) < startOf(current) && past.drill.id !== current.drill.id)
    .toSorted((a, b) => startOf(a) - startOf(b))
    .slice(1 - SHOWN)
  const chart = renderBars([...earlier.map(past => toBar(past)), toBar(current, ' ◀ this drill')])
  return { chart, comparison: compare(current, earlier) }
}

function toBar(past: PastDrill, mark = ''): Bar {
  const rtoMs = measuredRtoMs(past.durations)
  const verdict = past.drill.verdict === 'pass' ? 'pass' : past.drill.verdict.toUpperCase()
  const day = new Date(startOf(past)).toISOString().slice(0, 16).replace('T', ' ')
  return {
    label: `${day}  ${verdict}${mark}`,
    value: rtoMs,
    text: rtoMs === null ? 'not restored' : renderDuration(rtoMs),
  }
}

function compare(current: PastDrill, earlier: readonly PastDrill[]): string | null {
  const rtoMs = measuredRtoMs(current.durations)
  const times = earlier.map(past => measuredRtoMs(past.durations)).filter(ms => ms !== null)
  const medianMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]
  if (rtoMs === null || medianMs === undefined || medianMs === 0) return null
  const usual =
    times.length === 1 ? 'The one drill before took' : `The ${times.length} drills before took a median of`
  return `${usual} ${renderDuration(medianMs)}: this one took ${describeRatio(rtoMs / medianMs)}.`
}

function describeRatio(ratio: number): string {
  if (ratio >= 1.95) return `${ratio.toFixed(1)} times as long`
  const percent = Math.round((ratio - 1) * 100)
  if (percent === 0) return 'as long'
  return `${Math.abs(percent)} % ${percent > 0 ? 'longer' : 'less'}`
}

function startOf({ drill }: PastDrill): number {
  return Date.parse(drill.startedAt)
}
