import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  BACKUP_KINDS,
  type BackupId,
  parseBackupId,
  renderBackupId,
} from '../../../src/core/backup/backup-id.ts'

const ids: fc.Arbitrary<BackupId> = fc.record({
  instant: fc.integer({ min: 0, max: 253_402_300_799 }).map(seconds => new Date(seconds * 1000)),
  kind: fc.constantFrom(...BACKUP_KINDS),
  nonce: fc.integer({ min: 0, max: 0xffffffff }).map(n => n.toString(16).padStart(8, '0')),
})

describe('a backup id', () => {
  it('comes back from its text', () => {
    fc.assert(
      fc.property(ids, id => {
        expect(parseBackupId(renderBackupId(id))).toEqual(id)
      }),
    )
  })

  it('sorts by time as text', () => {
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        if (a.instant < b.instant) expect(renderBackupId(a) < renderBackupId(b)).toBe(true)
      }),
    )
  })

  test.each([
    '',
    'latest',
    '20261123T031500Z-daily-1a2b3c4',
    '20261123T031500Z-daily-1a2b3c4dd',
    '20261123T031500Z-daily-1A2B3C4D',
    '20261123T031500Z-weekly-1a2b3c4d',
    '20261123T031500-daily-1a2b3c4d',
    '20260230T031500Z-daily-1a2b3c4d',
    '20261123T240000Z-daily-1a2b3c4d',
    '20261323T031500Z-daily-1a2b3c4d',
    ' 20261123T031500Z-daily-1a2b3c4d',
    '20261123T031500Z-daily-1a2b3c4d\n',
  ])('is not "%s"', text => {
    expect(() => parseBackupId(text)).toThrow(RangeError)
  })
})
