import { describe, expect, it } from 'vitest'
import type { GateRecord } from '../../../src/core/gate/gate-record.ts'
import { pastGate, renderGateHead, renderGateTrend } from '../../../src/core/summary/gate-trend.ts'
import { parseHead } from '../../../src/core/summary/record-head.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

const MIB = 1024 * 1024

function gateOf(day: number, totalMs: number | null, mib: number): GateRecord {
  const { id, snapshotAt } = SAMPLE.backup
  const { bucket, key, versionId, sha256 } = SAMPLE.object
  return {
    version: 1,
    gate: {
      id: `gate ${day}`,
      database: 'logi',
      at: `2026-11-0${day}T10:00:00.000Z`,
      level: day === 2 ? 'drill' : 'archive',
    },
    backup: { id, bucket, key, versionId, sha256, bytes: mib * MIB, snapshotAt },
    copies: null,
    durations: totalMs === null ? null : { totalMs },
    migrations: { tool: 'rails', pending: ['20261101_add_plan'] },
    run: SAMPLE.run,
  }
}

describe('the trend of gates', () => {
  it('draws how long the deploy waited, with the level and the size', () => {
    const { chart, comparisons } = renderGateTrend(gateOf(3, 30_000, 100), [
      gateOf(1, null, 90),
      gateOf(2, 60_000, 95),
    ])
    expect(chart.split('\n')).toEqual([
      '2026-11-01 10:00  archive              not measured  90.0 MiB',
      '2026-11-02 10:00  drill                  1 min 00 s  95.0 MiB  ████████████████████████████',
      '2026-11-03 10:00  archive ◀ this gate          30 s   100 MiB  ██████████████',
    ])
    expect(comparisons).toEqual([
      'The one gate before took 1 min 00 s: this one took 50 % less.',
      'The 2 gates before had a median of 95.0 MiB: this one is 5 % larger.',
    ])
  })
})

describe('the head of a gate', () => {
  it('holds what the trend needs, and no migrations', () => {
    const record = gateOf(1, 1000, 1)
    const head = renderGateHead(record)
    expect(parseHead(head, pastGate)).toEqual(pastGate(record, ''))
    expect(JSON.stringify(head)).not.toContain('add_plan')
  })

  it('of an older record lacks the duration', () => {
    const { durations: _, ...older } = gateOf(1, null, 1)
    expect(pastGate(older, '').durations).toBeNull()
  })

  it('is refused with a level that does not exist', () => {
    const { gate, ...rest } = gateOf(1, 1000, 1)
    expect(() => pastGate({ ...rest, gate: { ...gate, level: 'constructor' } }, '')).toThrow(
      'gate.level: expected',
    )
  })
})
