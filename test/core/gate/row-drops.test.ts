import { describe, expect, it, test } from 'vitest'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import {
  comparable,
  comparedTables,
  describeSizes,
  implausibleDrops,
} from '../../../src/core/gate/row-drops.ts'
import { SAMPLE, sampleTable } from '../../support/samples/manifest.ts'

const RULES = { maxDropPercent: 20, expectedDrops: [] }

describe('rows that are fewer than in the last full backup', () => {
  test.each([
    [20_000, 20_000, 20, false],
    [20_000, 16_000, 20, false],
    [20_000, 15_999, 20, true],
    [20_000, 0, 20, true],
    [20_000, 30_000, 20, false],
    [10, 8, 20, false],
    [3, 2, 20, false],
    [19, 1, 20, false],
    [19, 0, 20, true],
    [20, 15, 20, true],
    [0, 0, 20, false],
    [0, 5, 20, false],
    [1000, 999, 0, true],
    [1000, 995, 0.5, false],
    [1000, 994, 0.5, true],
    // Beyond what floating point can tell apart: a third of so many rows.
    [3_000_000_000_000_000, 2_400_000_000_000_000, 20, false],
    [3_000_000_000_000_000, 2_399_999_999_999_999, 20, true],
    [100, 0, 100, false],
  ])('%i before, %i now, %d %% allowed: %s', (before, now, maxDropPercent, isDrop) => {
    const drops = implausibleDrops(manifest({ users: before }), manifest({ users: now }), {
      ...RULES,
      maxDropPercent,
    })

    expect(drops).toHaveLength(isDrop ? 1 : 0)
  })

  it('says how many there were', () => {
    const [drop] = implausibleDrops(manifest({ users: 20_000 }), manifest({ users: 15_000 }), RULES)

    expect(drop).toEqual({
      table: 'users',
      rowsBefore: 20_000,
      rowsNow: 15_000,
      text: 'users: 20,000 rows before, 15,000 now (25 % fewer)',
    })
  })

  it('finds a table that is gone, and the one that may be its new name', () => {
    const before = manifest({ users: 500, events: 0, orders: 3 })
    const now = manifest({ accounts: 501, orders: 3 })

    expect(implausibleDrops(before, now, RULES)).toEqual([
      {
        table: 'users',
        rowsBefore: 500,
        rowsNow: null,
        text: 'users: gone, with 500 rows; accounts is new, with 501 rows: if it was renamed, name users in expected-drops',
      },
    ])
    expect(implausibleDrops(before, manifest({ orders: 3 }), RULES)[0]?.text).toBe(
      'users: gone, with 500 rows',
    )
  })

  test.each([['users'], ['public.users']])('lets %s go where it is expected', name => {
    const rules = { ...RULES, expectedDrops: [name] }

    expect(implausibleDrops(manifest({ users: 500 }), manifest({}), rules)).toEqual([])
    expect(implausibleDrops(manifest({ users: 500 }, 'audit'), manifest({}), rules)).toHaveLength(1)
  })

  it('lets those go that are named as it names them, dots in their names or not', () => {
    const before = manifest({ 'v1.users': 500 })
    const [drop] = implausibleDrops(before, manifest({}), RULES)
    const rules = { ...RULES, expectedDrops: [drop?.table ?? ''] }

    expect(drop?.text).toBe('v1.users: gone, with 500 rows')
    expect(implausibleDrops(before, manifest({}), rules)).toEqual([])
  })

  it('compares tables of the same schema only', () => {
    const drops = implausibleDrops(manifest({ users: 500 }, 'audit'), manifest({ users: 500 }), RULES)

    expect(drops.map(({ table }) => table)).toEqual(['audit.users'])
  })
})

describe('what cannot be compared', () => {
  const counted = manifest({ users: 5 })

  it('says that rows were not counted', () => {
    const uncounted = {
      ...counted,
      fingerprint: { ...counted.fingerprint, level: 'none', tables: [] },
    } as const

    expect(comparable(counted, uncounted)).toMatch(/counted no rows/)
    expect(implausibleDrops(counted, uncounted, RULES)).toEqual([])
  })

  it('says that a backup is partial', () => {
    const partial = { ...counted, backup: { ...counted.backup, kind: 'partial' } } as const

    expect(comparable(partial, counted)).toMatch(/is partial/)
    expect(comparable(counted, counted)).toBeUndefined()
  })
})

describe('a partial snapshot', () => {
  const before = manifest({ users: 1000, events: 500 })
  const partial = (rows: Readonly<Record<string, number>>): Manifest => {
    const { backup, ...others } = manifest(rows)
    return { ...others, backup: { ...backup, kind: 'partial' } }
  }

  it('is compared in the tables that it holds, and no other is gone', () => {
    expect(implausibleDrops(before, partial({ users: 900 }), RULES)).toEqual([])
    expect(implausibleDrops(before, partial({ users: 500 }), RULES)).toHaveLength(1)
    expect(comparedTables(before, partial({ users: 1, fresh: 9 })).map(({ name }) => name)).toEqual(['users'])
  })

  it('has its rows and the database described, not its archive', () => {
    expect(describeSizes(before, partial({ users: 900, fresh: 9 }))).toBe(
      'rows 10 % fewer, database as before',
    )
  })
})

it('describes how the whole database changed', () => {
  const before = manifest({ users: 1000 })
  const now: Manifest = {
    ...manifest({ users: 900 }),
    server: { ...before.server, databaseBytes: before.server.databaseBytes * 2 },
  }

  expect(describeSizes(before, now)).toBe('rows 10 % fewer, database 100 % more, archive as before')
})

function manifest(rows: Readonly<Record<string, number>>, schema = 'public'): Manifest {
  const tables = Object.entries(rows).map(([name, count]) => ({ ...sampleTable(name, count), schema }))
  return { ...SAMPLE, fingerprint: { ...SAMPLE.fingerprint, tables } }
}
