import { describe, expect, it } from 'vitest'
import { describeMissingNewest } from '../../../src/core/migrations/newest-row.ts'

const doubt = (rows: ReadonlyArray<readonly [id: string, order: string | null | undefined]>, files: string) =>
  describeMissingNewest(
    rows.map(([id, order]) => ({ id, order })),
    id => files.split(' ').includes(id),
  )?.replace(/\. The project is older.*$/, '')
const MISSING = 'The newest applied migration is not in the project:'

describe('what was recorded last', () => {
  it.each([
    ['nothing was recorded', [], 'a', undefined],
    ['it has a file', [['a', '1']], 'a', undefined],
    [
      'it has none',
      [
        ['a', '1'],
        ['b', '2'],
      ],
      'a',
      `${MISSING} b`,
    ],
    [
      'an older one has none',
      [
        ['old', '1'],
        ['a', '2'],
      ],
      'a',
      undefined,
    ],
    [
      'numbers are not texts',
      [
        ['a', '10'],
        ['b', '9'],
      ],
      'a',
      undefined,
    ],
    [
      'numbers exceed 2^53',
      [
        ['a', '9007199254740993'],
        ['b', '9007199254740992'],
      ],
      'a',
      undefined,
    ],
    [
      'times are texts',
      [
        ['a', '2026-01-02'],
        ['b', '2026-01-01'],
      ],
      'a',
      undefined,
    ],
    [
      'the order of the listing does not count',
      [
        ['b', '2'],
        ['a', '1'],
      ],
      'a',
      `${MISSING} b`,
    ],
    [
      'several at one time',
      [
        ['a', '7'],
        ['b', '7'],
        ['c', '7'],
      ],
      'a',
      `${MISSING} b, c`,
    ],
    [
      'no order is the oldest',
      [
        ['b', null],
        ['a', '1'],
        ['c', undefined],
      ],
      'a',
      undefined,
    ],
    [
      'no order anywhere',
      [
        ['a', null],
        ['b', undefined],
      ],
      'a',
      `${MISSING} b`,
    ],
  ] as const)('%s', (_, rows, files, expected) => {
    expect(doubt(rows, files)).toBe(expected)
  })

  it('names five at most, and says what to do', () => {
    const rows = Array.from({ length: 7 }, (_, i) => ({ id: `m${i}`, order: '1' }))
    expect(describeMissingNewest(rows, () => false)).toBe(
      `${MISSING} m0, m1, m2, m3, m4 and 2 more. The project is older than the database, or the migrations are in another folder: deploy the newer commit, or set project.`,
    )
  })
})
