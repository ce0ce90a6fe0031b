import { VERIFY_LEVELS } from '../gate/gate-record.ts'
import * as d from '../json/decode.ts'
import { renderHead } from './record-head.ts'
import { durationMeasure, renderTrend, SIZE_MEASURE, type Trend, type TrendPoint } from './trend.ts'

/** What the trend needs of a record. */
export const pastGate = d.object({
  gate: d.object({ id: d.string, at: d.timestamp, level: d.oneOf(VERIFY_LEVELS) }),
  backup: d.object({ bytes: d.nonNegativeInt }),
  durations: d.optional(d.object({ totalMs: d.nonNegativeInt })),
})
export type PastGate = d.Decoded<typeof pastGate>

/** The head of a gate's record. */
export function renderGateHead(record: PastGate): Readonly<Record<string, string>> {
  return renderHead(pastGate(record, ''))
}

/**
 * How long the last gates kept their deploys waiting, with the size of the restore point, and how this one
 * compares.
 */
export function renderGateTrend(current: PastGate, previous: readonly PastGate[]): Trend {
  return renderTrend(toPoint(current), previous.map(toPoint), {
    noun: 'gate',
    measures: [durationMeasure(), SIZE_MEASURE],
  })
}

function toPoint({ gate, backup, durations }: PastGate): TrendPoint {
  return {
    id: gate.id,
    at: new Date(gate.at),
    word: gate.level,
    values: [durations?.totalMs ?? null, backup.bytes],
  }
}
