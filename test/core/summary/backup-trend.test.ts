import { describe, expect, it } from 'vitest'
import {
  isComparable,
  type PastBackup,
  pastBackup,
  renderBackupHead,
  renderBackupTrend,
} from '../../../src/core/summary/backup-trend.ts'
import { parseHead } from '../../../src/core/summary/record-head.ts'
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
    [false, 'manual', true],
    [false, 'pre-migration', true],
    [false, 'partial', false],
    [true, 'daily', false],
    [true, 'partial', true],
    [false, 'safety', false],
  ] as const)(
    'of a backup that is partial (%s) reads manifests of %s ones: %s',
    (isPartial, kind, wanted) => {
      expect(isComparable(isPartial, { instant: new Date(0), kind, nonce: '00000000' })).toBe(wanted)
    },
  )
})

describe('the head of a backup', () => {
  it('of a manifest holds what a trend needs, and is no larger with more tables', () => {
    const manifest = SAMPLE
    const head = renderBackupHead(manifest)
    expect(parseHead(head, pastBackup)).toEqual(pastBackup(manifest, ''))
    const tables = Array.from({ length: 1000 }, () => manifest.fingerprint.tables).flat()
    const large = { ...manifest, fingerprint: { ...manifest.fingerprint, tables } }
    expect(renderBackupHead(large)).toEqual(head)
  })
})
