import { describe, expect, it, test } from 'vitest'
import { verdictOf } from '../../../src/core/checks/check.ts'
import { exactChecks, type RestoredContent } from '../../../src/core/checks/compare-manifest.ts'
import { failureLines, failures, restored, withFingerprint } from '../../support/exact-checks.ts'
import { SAMPLE, sampleTable } from '../../support/samples/manifest.ts'

describe('a table', () => {
  const [users, links] = SAMPLE.fingerprint.tables
  const withUsers = (changes: object) =>
    restored({ tables: [sampleTable('users', 20_000, changes), sampleTable('links', 30_000)] })

  test.each<[string, RestoredContent, readonly string[]]>([
    ['with one row fewer', withUsers({ rows: 19_999 }), ['table users: 20,000 rows | 19,999 rows (1 fewer)']],
    [
      'with three rows more',
      withUsers({ rows: 20_003 }),
      ['table users: 20,000 rows | 20,003 rows (3 more)'],
    ],
    [
      'with another newest value',
      withUsers({ newest: { column: 'created_at', value: '2026-11-01 02:59:59+00' } }),
      [
        'table users: 20,000 rows, newest created_at 2026-11-01 03:00:00+00 | 20,000 rows, newest created_at 2026-11-01 02:59:59+00',
      ],
    ],
    [
      'without its newest value',
      withUsers({ newest: { column: 'created_at', value: null } }),
      [
        'table users: 20,000 rows, newest created_at 2026-11-01 03:00:00+00 | 20,000 rows, newest created_at none',
      ],
    ],
    [
      'without its time column',
      withUsers({ newest: null }),
      ['table users: 20,000 rows, newest created_at 2026-11-01 03:00:00+00 | 20,000 rows, no time column'],
    ],
    [
      'with other content',
      withUsers({ contentHash: 'fedcba9876543210fedcba9876543210' }),
      ['table users: 20,000 rows, content 0123456789ab | 20,000 rows, content fedcba987654'],
    ],
    [
      'with content that differs in the last digit',
      withUsers({ contentHash: '0123456789abcdef0123456789abcdee' }),
      [
        'table users: 20,000 rows, content 0123456789abcdef0123456789abcdef | 20,000 rows, content 0123456789abcdef0123456789abcdee',
      ],
    ],
    [
      'whose content was not read',
      withUsers({ contentHash: null }),
      ['table users: 20,000 rows, content 0123456789ab | 20,000 rows, content not read'],
    ],
    [
      'that is missing',
      restored({ tables: [sampleTable('links', 30_000)] }),
      ['table users: 20,000 rows | no such table'],
    ],
    [
      'of the same name in another schema',
      restored({ tables: [sampleTable('users', 20_000, { schema: 'old' }), sampleTable('links', 30_000)] }),
      ['table users: 20,000 rows | no such table', 'table old.users: no such table | 20,000 rows'],
    ],
  ])('%s fails', (_, found, expected) => {
    const checks = exactChecks(SAMPLE, found)
    expect(failureLines(checks)).toEqual(expected)
    expect(verdictOf(checks)).toBe('fail')
    expect(checks.find(({ name }) => name === 'all tables')).toBeUndefined()
  })

  it('has no line of its own where thousands agree', () => {
    const tables = Array.from({ length: 20_000 }, (_, i) => sampleTable(`t${i}`, 3))
    const manifest = withFingerprint({ tables })
    const same = exactChecks(manifest, restored({ tables }))
    expect(same.length).toBeLessThan(10)
    expect(same[0]).toMatchObject({ name: 'all tables', expected: '60,000 rows in 20,000 tables' })
    const differing = exactChecks(manifest, restored({ tables: tables.with(7, sampleTable('t7', 2)) }))
    expect(failureLines(differing)).toEqual(['table t7: 3 rows | 2 rows (1 fewer)'])
    expect(differing).toContainEqual(
      expect.objectContaining({ name: 'other tables', verdict: 'pass', expected: '19,999 tables' }),
    )
  })

  it('passes at level counts although its content is not known', () => {
    const counted = withFingerprint({
      level: 'counts',
      tables: [{ ...sampleTable('users', 20_000), contentHash: null }],
    })
    expect(failures(exactChecks(counted, restored({ tables: [users ?? sampleTable('', 0)] })))).toEqual([])
  })

  it('two tables stay apart whose schema and name are the same when joined by a dot', () => {
    const dotted = [sampleTable('b.c', 1, { schema: 'a' }), sampleTable('c', 1, { schema: 'a.b' })]
    expect(failures(exactChecks(withFingerprint({ tables: dotted }), restored({ tables: dotted })))).toEqual(
      [],
    )
    const twice = [dotted[0] ?? sampleTable('', 0)]
    expect(
      failures(exactChecks(withFingerprint({ tables: dotted }), restored({ tables: twice }))),
    ).toHaveLength(1)
  })

  it('is compared in whatever order', () => {
    const swapped = restored({ tables: [links ?? sampleTable('', 0), users ?? sampleTable('', 0)] })
    expect(failures(exactChecks(SAMPLE, swapped))).toEqual([])
  })
})

describe('rows of an extension', () => {
  const spatial = sampleTable('spatial_ref_sys', 3, { extension: 'citext' })
  const known = withFingerprint({ tables: [...SAMPLE.fingerprint.tables, spatial] })
  const fewer = { ...spatial, rows: 2 }
  const found = restored({ tables: [...SAMPLE.fingerprint.tables, fewer] })

  it('that differ fail', () => {
    expect(failureLines(exactChecks(known, found))[0]).toBe(
      'table spatial_ref_sys: 3 rows | 2 rows (1 fewer)',
    )
  })

  it('rows that differ under another extension version are information', () => {
    const extensions = SAMPLE.server.extensions.map(extension => ({ ...extension, version: '9' }))
    const checks = exactChecks(known, { ...found, extensions })
    expect(failures(checks)).toEqual([])
    expect(checks.find(({ name }) => name === 'table spatial_ref_sys')).toMatchObject({
      verdict: 'information',
      note: expect.stringContaining('is of version 9 here and was of 1.6'),
    })
  })

  it('that an older manifest does not list are information', () => {
    expect(failures(exactChecks(SAMPLE, found))).toEqual([])
  })
})
