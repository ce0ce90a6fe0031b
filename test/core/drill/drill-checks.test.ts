import { describe, expect, it, test } from 'vitest'
import type { Check } from '../../../src/core/checks/check.ts'
import {
  ageChecks,
  downgradeKnownFindings,
  skippedBackupChecks,
} from '../../../src/core/drill/drill-checks.ts'
import { SAMPLE } from '../../support/samples/manifest.ts'

describe('the age of a backup', () => {
  test.each([
    ['as asked', '2026-11-01T02:00:00Z', 'pass', '1 h 00 min'],
    ['too old', '2026-11-01T00:00:00Z', 'fail', '3 h 00 min'],
    ['of a clock that is a little ahead', '2026-11-01T03:04:59Z', 'pass', '0.0 s'],
    ['in the future', '2026-11-01T03:06:00Z', 'fail', '6 min 00 s in the future'],
  ])('%s', (_, snapshotAt, verdict, found) => {
    const [check] = ageChecks(snapshotAt, 7_200_000, new Date('2026-11-01T03:00:00Z'))
    expect(check).toMatchObject({ verdict, found })
  })

  it('is not asked without max-age', () => {
    expect(ageChecks('2026-11-01T00:00:00Z', undefined, new Date('2026-11-01T03:00:00Z'))).toEqual([])
  })
})

describe('a newer backup that was skipped', () => {
  it('is seen, and says why', () => {
    expect(skippedBackupChecks(['The manifest m cannot be read: it has version 2.'])).toMatchObject([
      { verdict: 'not-measured', found: 'The manifest m cannot be read: it has version 2' },
    ])
  })
})

describe('a sequence behind its column', () => {
  const behind: Check = {
    group: 'structure',
    name: 'sequence users_id_seq',
    verdict: 'fail',
    expected: 'next value above 7',
    found: 'next value 3',
    note: 'Inserts will collide.',
  }

  it('is information where it stands as in the backup', () => {
    expect(downgradeKnownFindings([behind], [], SAMPLE)).toEqual([
      { ...behind, verdict: 'information', note: 'As in the backup. Inserts will collide.' },
    ])
  })

  it('fails where the manifest says otherwise, or nothing', () => {
    expect(downgradeKnownFindings([behind], [{ ...behind, group: 'exact' }], SAMPLE)).toEqual([behind])
    const none = { ...SAMPLE, fingerprint: { ...SAMPLE.fingerprint, sequences: [] } }
    expect(downgradeKnownFindings([behind], [], none)).toEqual([behind])
  })
})
