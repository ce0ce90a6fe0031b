import { describe, expect, it, test } from 'vitest'
import { type Check, verdictOf } from '../../../src/core/checks/check.ts'
import { exactChecks } from '../../../src/core/checks/compare-manifest.ts'
import { restored, withFingerprint } from '../../support/exact-checks.ts'
import { SAMPLE, sampleTable } from '../../support/samples/manifest.ts'

const SAMPLE_CHECK: Check = {
  group: 'exact',
  name: 'x',
  verdict: 'pass',
  expected: '',
  found: '',
  note: null,
}

describe('an exact copy', () => {
  it('passes, in one line a table and one line a kind for the rest', () => {
    const checks = exactChecks(SAMPLE, restored())
    expect(checks.map(({ group, name, verdict, found }) => [group, name, verdict, found])).toEqual([
      ['exact', 'all tables', 'pass', '50,000 rows in 2 tables'],
      [
        'exact',
        'table users',
        'pass',
        '20,000 rows, newest created_at 2026-11-01 03:00:00+00, content 0123456789ab',
      ],
      [
        'exact',
        'table links',
        'pass',
        '30,000 rows, newest created_at 2026-11-01 03:00:00+00, content 0123456789ab',
      ],
      ['exact', 'sequences', 'pass', '2 sequences where the backup left them'],
      ['structure', 'extensions', 'pass', 'citext 1.6, plpgsql 1.0'],
      [
        'structure',
        'objects',
        'pass',
        '9 indexes, 7 constraints, 2 triggers, 1 function, 0 policies, 2 views, 0 large objects',
      ],
    ])
    expect(checks.filter(({ verdict, expected, found }) => verdict === 'pass' && expected !== found)).toEqual(
      [],
    )
    expect(verdictOf(checks)).toBe('pass')
  })

  test.each([
    ['without tables', []],
    ['without a row', [{ ...sampleTable('users', 0), newest: null }]],
  ])('of a database %s is not measured, and says why', (_, tables) => {
    const checks = exactChecks(withFingerprint({ tables }), restored({ tables }))
    expect(checks[0]).toMatchObject({
      group: 'exact',
      name: 'all tables',
      verdict: 'not-measured',
      note: expect.stringContaining('was empty'),
    })
    expect(verdictOf(checks)).toBe('not-measured')
    const criterion = { ...SAMPLE_CHECK, group: 'criteria' } as const
    expect(verdictOf([...checks, criterion])).toBe('pass')
  })

  it('of a database without a row fails where rows came from somewhere', () => {
    const tables = [sampleTable('users', 0)]
    expect(
      verdictOf(exactChecks(withFingerprint({ tables }), restored({ tables: [sampleTable('users', 1)] }))),
    ).toBe('fail')
  })

  it('is not measured where the manifest counted nothing', () => {
    const checks = exactChecks(
      withFingerprint({ level: 'none', tables: [], sequences: [], objects: null }),
      restored(),
    )
    expect(checks.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['all tables', 'not-measured'],
      ['extensions', 'pass'],
    ])
    expect(verdictOf(checks)).toBe('not-measured')
  })
})
