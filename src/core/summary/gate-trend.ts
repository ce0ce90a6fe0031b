import type { GateRecord } from '../gate/gate-record.ts'
import { durationMeasure, renderTrend, SIZE_MEASURE, type Trend, type TrendPoint } from './trend.ts'

/** How long the last gates kept their deploys waiting, with the size of the restore point, and how this one compares. */
export function renderGateTrend(current: GateRecord, previous: readonly GateRecord[]): Trend {
  return renderTrend(toPoint(current), previous.map(toPoint), {
    noun: 'gate',
    measures: [durationMeasure(), SIZE_MEASURE],
  })
}

function toPoint({ gate, backup, durations }: GateRecord): TrendPoint {
  return {
    id: gate.id,
    at: new Date(gate.at),
    word: gate.level,
    values: [durations?.totalMs ?? null, backup.bytes],
  }
}
