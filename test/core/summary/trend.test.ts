import { describe, expect, it } from 'vitest'
import { type GateRecord, parseGateRecord, renderGateRecord } from '../../../src/core/gate/gate-record.ts'
import { isComparable, type PastBackup, renderBackupTrend } from '../../../src/core/summary/backup-trend.ts'
import { renderGateTrend } from '../../../src/core/summary/gate-trend.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

const MIB = 1024 * 1024

function backupOf(
  day: number,
  mib: number,
  seconds: number,
  more: Partial<PastBackup['backup']> = {},
): PastBackup {
  const two = String(day).padStart(2, '0')
  const kind = more.kind ?? 'daily'
  return {
    backup: {
      ...SAMPLE.backup,
      id: `202611${two}T031500Z-${kind}-1a2b3c4d`,
      snapshotAt: `2026-11-${two}T03:15:00.000Z`,
      ...more,
    },
    object: { ...SAMPLE.object, bytes: mib * MIB },
    durations: { totalMs: seconds * 1000 },
    server: SAMPLE.server,
  }
}

describe('the trend of backups', () => {
  it('draws the size, tells the duration beside it, and compares both with the median', () => {
    const previous = [backupOf(2, 130, 60), backupOf(1, 100, 62), backupOf(3, 120, 80, { kind: 'manual' })]
    expect(renderBackupTrend(backupOf(4, 60, 66), previous)).toEqual({
      chart: [
        '2026-11-01 03:15  daily                 100 MiB  1 min 02 s  █████████████████████▌',
        '2026-11-02 03:15  daily                 130 MiB  1 min 00 s  ████████████████████████████',
        '2026-11-03 03:15  manual                120 MiB  1 min 20 s  █████████████████████████▉',
        '2026-11-04 03:15  daily ◀ this backup  60.0 MiB  1 min 06 s  ████████████▉',
      ].join('\n'),
      comparisons: [
        'The 3 backups before had a median of 120 MiB: this one is 50 % smaller.',
        'They took a median of 1 min 02 s: this one took 6 % longer.',
      ],
    })
  })

  it('leaves out backups of other tables', () => {
    const partial = (day: number, tables: readonly string[]) =>
      backupOf(day, 1, 1, { kind: 'partial', tablePatterns: tables })
    const { chart } = renderBackupTrend(partial(3, ['users']), [partial(1, ['users']), partial(2, ['links'])])
    expect(chart).toContain('2026-11-01')
    expect(chart).not.toContain('2026-11-02')
  })

  it.each([
    ['daily', 'manual', true],
    ['pre-migration', 'daily', true],
    ['daily', 'partial', false],
    ['partial', 'daily', false],
    ['partial', 'partial', true],
    ['daily', 'safety', false],
  ] as const)('of a %s backup reads manifests of %s ones: %s', (kind, other, wanted) => {
    const id = { instant: new Date(0), kind: other, nonce: '00000000' }
    expect(isComparable(backupOf(4, 1, 1, { kind }), id)).toBe(wanted)
  })
})

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

describe('the record of a gate', () => {
  it('is read as it was written', () => {
    const record = gateOf(1, 1000, 1)
    expect(parseGateRecord(renderGateRecord(record), 'x')).toEqual(record)
  })

  it('may be one from before durations were kept', () => {
    const { durations: _, ...old } = gateOf(1, 1000, 1)
    expect(parseGateRecord(JSON.stringify(old), 'x').durations).toBeNull()
  })
})
