import { describe, expect, it, test } from 'vitest'
import {
  type ArchiveTableRows,
  archiveRowChecks,
  type RestoredRows,
} from '../../../src/core/checks/archive-rows.ts'
import { keyOf } from '../../../src/core/pg/qualified-name.ts'

const [SAME, OTHER] = ['a'.repeat(64), 'b'.repeat(64)]

function archived(name: string, rows: number): ArchiveTableRows {
  const table = { schema: 'public', name }
  return {
    ...table,
    rows,
    hash: SAME,
    columns: ['id'],
    sources: [table],
    entryIds: ['1'],
    isUnordered: false,
  }
}

const restored = (...tables: readonly (readonly [name: string, rows: RestoredRows])[]) =>
  new Map(tables.map(([name, rows]) => [keyOf({ schema: 'public', name }), rows]))

describe('the rows of an archive', () => {
  const [users, links] = [archived('users', 20_000), archived('links', 1)]

  it('that all came back are one line', () => {
    expect(archiveRowChecks([users, links], restored(['users', users], ['links', links]))).toEqual([
      {
        group: 'exact',
        name: 'contents of all tables',
        verdict: 'pass',
        expected: '20,001 rows in 2 tables as in the archive',
        found: 'every value the same',
        note: null,
      },
    ])
  })

  test.each<[string, RestoredRows | undefined, string, string, string]>([
    [
      'are missing',
      { ...users, rows: 19_999, hash: OTHER },
      'fail',
      '19,999 rows, content bbbbbbbbbbbb (1 fewer)',
      'does not hold',
    ],
    [
      'have other values',
      { ...users, hash: OTHER },
      'fail',
      '20,000 rows, content bbbbbbbbbbbb',
      'not with the same values',
    ],
    ['lack their table', undefined, 'fail', 'no such table', 'holds rows of it'],
    ['could not be compared', { notComparable: 'too long' }, 'not-measured', 'not compared', 'too long'],
  ])('that %s are a line of their own beside those that pass', (_, found, verdict, text, note) => {
    const tables = restored(['links', links], ...(found === undefined ? [] : [['users', found] as const]))
    const checks = archiveRowChecks([users, links], tables)
    expect(checks.map(check => [check.name, check.verdict])).toEqual([
      ['contents of all tables', 'pass'],
      ['contents of users', verdict],
    ])
    expect(checks[0]?.expected).toBe('1 row in 1 table as in the archive')
    expect(checks[1]).toMatchObject({
      expected: '20,000 rows, content aaaaaaaaaaaa',
      found: text,
      note: expect.stringContaining(note),
    })
  })

  it('prove nothing where there are none', () => {
    expect(archiveRowChecks([], restored())).toEqual([])
    const empty = archived('empty', 0)
    expect(archiveRowChecks([empty], restored(['empty', empty]))).toEqual([])
  })
})
