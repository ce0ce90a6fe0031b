import { describe, expect, it, test } from 'vitest'
import type { Condition } from '../../../src/core/criteria/condition.ts'
import type { Criterion, Measurement, Reference } from '../../../src/core/criteria/criterion.ts'
import { evaluateCriterion } from '../../../src/core/criteria/evaluate-criterion.ts'

const SNAPSHOT = new Date('2026-11-01T03:00:00Z')
const USERS = { schema: 'public', name: 'users' }

const reference: Reference = {
  snapshotAt: SNAPSHOT,
  backupRows: [{ ...USERS, rows: 20_000 }],
  live: undefined,
}

const users = (tolerancePpm: number): Criterion => ({
  kind: 'table',
  name: 'users',
  table: { schema: undefined, name: 'users' },
  tolerancePpm,
})
const counted = (rows: number, members = [USERS]): Measurement => ({ kind: 'table', rows, members })

describe('a count within a tolerance', () => {
  test.each([
    [19_020, '4.9 % fewer', 'pass'],
    [20_980, '4.9 % more', 'pass'],
    [19_000, 'exactly 5 % fewer', 'pass'],
    [21_000, 'exactly 5 % more', 'pass'],
    [18_999, 'one row beyond 5 % fewer', 'fail'],
    [21_001, 'one row beyond 5 % more', 'fail'],
    [18_800, '6 % fewer', 'fail'],
    [21_200, '6 % more', 'fail'],
    [0, 'none left', 'fail'],
  ])('of 5 %%: %i rows, %s: %s', (rows, _, verdict) => {
    expect(evaluateCriterion(users(50_000), counted(rows), reference).verdict).toBe(verdict)
  })

  test.each([
    [20_000, 'pass'],
    [19_999, 'fail'],
    [20_001, 'fail'],
  ])('of 0 %% takes %i rows: %s', (rows, verdict) => {
    expect(evaluateCriterion(users(0), counted(rows), reference).verdict).toBe(verdict)
  })

  test.each([
    [0, 0, 'pass'],
    [0, 1, 'fail'],
    [3, 2, 'fail'],
    [20, 19, 'pass'],
    [19, 18, 'fail'],
    // 5 % of it is a whole number that 0.05 × rows misses in floating point.
    [9_007_199_254_740_980, 8_556_839_292_003_931, 'pass'],
    [9_007_199_254_740_980, 8_556_839_292_003_930, 'fail'],
  ])('of 5 %% of %i rows takes %i: %s', (expected, found, verdict) => {
    const small = { ...reference, backupRows: [{ ...USERS, rows: expected }] }
    expect(evaluateCriterion(users(50_000), counted(found), small).verdict).toBe(verdict)
  })

  it('tells the bounds and the deviation', () => {
    const check = evaluateCriterion(users(50_000), counted(18_800), reference)
    expect(check).toMatchObject({
      group: 'criteria',
      name: 'users',
      expected: '19,000 to 21,000 rows (20,000 at the snapshot ± 5 %)',
      found: '18,800 rows (-6 %)',
    })
  })

  it('sums what the partitions held', () => {
    const members = [
      { schema: 'public', name: 'users_2025' },
      { schema: 'public', name: 'users_2026' },
    ]
    const partitioned = { ...reference, backupRows: members.map(member => ({ ...member, rows: 500 })) }
    expect(evaluateCriterion(users(0), counted(1000, members), partitioned).verdict).toBe('pass')
    expect(evaluateCriterion(users(0), counted(999, members), partitioned).verdict).toBe('fail')
  })

  it('is not measured without counts in the manifest, or without this table there', () => {
    const none = evaluateCriterion(users(0), counted(1), { ...reference, backupRows: undefined })
    expect(none).toMatchObject({
      verdict: 'not-measured',
      note: expect.stringContaining('fingerprint: counts'),
    })
    const other = evaluateCriterion(users(0), counted(1, [{ schema: 'a', name: 'users' }]), reference)
    expect(other).toMatchObject({ verdict: 'not-measured', note: 'The manifest does not list a.users.' })
  })

  it('goes by the live database where one is given', () => {
    const live = (measurement: Measurement) => ({ ...reference, live: new Map([['users', measurement]]) })
    expect(evaluateCriterion(users(50_000), counted(20_000), live(counted(21_000)))).toMatchObject({
      verdict: 'pass',
      expected: '19,950 to 22,050 rows (21,000 in the live database ± 5 %)',
    })
    expect(evaluateCriterion(users(50_000), counted(20_000), live(counted(22_000))).verdict).toBe('fail')
    const silent = evaluateCriterion(
      users(50_000),
      counted(20_000),
      live({ kind: 'error', message: 'permission denied' }),
    )
    expect(silent).toMatchObject({
      verdict: 'not-measured',
      note: expect.stringContaining('permission denied'),
    })
  })
})

describe('a newest value', () => {
  const signUp: Criterion = {
    kind: 'newest',
    name: 'last sign-up',
    table: { schema: undefined, name: 'users' },
    column: 'created_at',
    withinMs: 3_600_000,
  }
  const at = (text: string, hasTimeZone = true): Measurement => ({
    kind: 'newest',
    at: new Date(text),
    hasTimeZone,
  })

  test.each([
    ['2026-11-01T02:01:00Z', '59 minutes before', 'pass'],
    ['2026-11-01T02:00:00Z', 'an hour before', 'pass'],
    ['2026-11-01T01:59:59.999Z', 'a millisecond more', 'fail'],
    ['2026-11-01T01:59:00Z', '61 minutes before', 'fail'],
    ['2026-11-01T03:59:00Z', '59 minutes after', 'pass'],
    ['2026-11-01T04:01:00Z', '61 minutes after', 'fail'],
    // Clocks in Europe went back at 01:00 UTC a week before: an instant does not care.
    ['2026-11-01T03:30:00+01:00', '30 minutes before, in another zone', 'pass'],
  ])('%s, %s the snapshot: %s', (text, _, verdict) => {
    expect(evaluateCriterion(signUp, at(text), reference).verdict).toBe(verdict)
  })

  it('shows the distance, its side, and how a value without a zone was read', () => {
    expect(evaluateCriterion(signUp, at('2026-11-01T04:01:00Z', false), reference)).toMatchObject({
      expected: 'within 1 h 00 min of the snapshot at 2026-11-01T03:00:00.000Z',
      found: '2026-11-01T04:01:00.000Z (1 h 01 min after it)',
      note: 'Newer than the snapshot can hold, unless a clock was wrong or the values lie ahead on purpose. created_at has no time zone: it was read as UTC.',
    })
  })

  it('fails where there is none', () => {
    expect(
      evaluateCriterion(signUp, { kind: 'newest', at: null, hasTimeZone: true }, reference),
    ).toMatchObject({
      verdict: 'fail',
      found: 'no value in users.created_at',
    })
  })
})

describe('a query', () => {
  const query = (condition: Condition): Criterion => ({
    kind: 'query',
    name: 'q',
    sql: 'SELECT 1',
    condition,
  })
  const answer = (value: string | null, rows = 1): Measurement => ({ kind: 'query', rows, value })
  const equals = (value: string): Condition => ({ kind: 'equals', value })
  const range = (min?: number, max?: number): Condition => ({ kind: 'range', min, max })

  test.each<[Condition, Measurement, string]>([
    [equals('yes'), answer('yes'), 'pass'],
    [equals('yes'), answer('Yes'), 'fail'],
    [equals('1'), answer('1.00'), 'pass'],
    [equals('-0'), answer('0'), 'pass'],
    [equals('0.10'), answer('0.1'), 'pass'],
    [equals('10'), answer('1'), 'fail'],
    [equals('01234'), answer('1234'), 'fail'],
    [equals('9007199254740993'), answer('9007199254740992'), 'fail'],
    // As PostgreSQL prints double precision from 1e15 on, and YAML's 0.0000001 becomes a text.
    [equals('1500000000000000'), answer('1.5e+15'), 'pass'],
    [equals('1500000000000001'), answer('1.5e+15'), 'fail'],
    [equals('1e-7'), answer('0.0000001'), 'pass'],
    [equals('1e-7'), answer('-1e-07'), 'fail'],
    [equals('120'), answer('12e1'), 'fail'],
    [equals('null'), answer(null), 'fail'],
    [equals(''), answer(''), 'pass'],
    [equals(''), answer('', 0), 'fail'],
    [equals('1'), answer('1', 2), 'fail'],
    [range(1), answer('1'), 'pass'],
    [range(1), answer('0'), 'fail'],
    [range(undefined, 5), answer('5'), 'pass'],
    [range(undefined, 5), answer('5.1'), 'fail'],
    [range(1, 5), answer('-3'), 'fail'],
    [range(1), answer(null), 'fail'],
    [range(1), answer('many'), 'fail'],
    [range(undefined, 9007199254740992), answer('9007199254740993'), 'fail'],
    [range(1), { kind: 'error', message: 'could not extend file', isOfServer: true }, 'not-measured'],
    [range(1), answer('NaN'), 'fail'],
    [range(1), answer(''), 'fail'],
    [{ kind: 'empty', empty: true }, answer(null, 0), 'pass'],
    [{ kind: 'empty', empty: true }, answer(null, 1), 'fail'],
    [{ kind: 'empty', empty: false }, answer(null, 7), 'pass'],
    [{ kind: 'empty', empty: false }, answer(null, 0), 'fail'],
    [range(1), { kind: 'error', message: 'relation "x" does not exist' }, 'fail'],
  ])('%j with %j: %s', (condition, measurement, verdict) => {
    expect(evaluateCriterion(query(condition), measurement, reference).verdict).toBe(verdict)
  })

  it('that the server refuses fails with what the server said', () => {
    const refused = { kind: 'error', message: 'relation "x" does not exist' } as const
    expect(evaluateCriterion(query(range(1, 5)), refused, reference)).toMatchObject({
      expected: '1 to 5',
      found: 'error: relation "x" does not exist',
    })
  })

  it('does not carry a whole document into the record', () => {
    const check = evaluateCriterion(query(equals('x')), answer('y'.repeat(5000)), reference)
    expect(check.found).toHaveLength(201)
  })
})

describe('an extension', () => {
  const citext: Criterion = { kind: 'extension', name: 'citext', extension: 'citext' }

  test.each<[Measurement, string, string]>([
    [{ kind: 'extension', version: '1.6' }, 'pass', '1.6'],
    [{ kind: 'extension', version: null }, 'fail', 'not installed'],
  ])('%j: %s', (measurement, verdict, found) => {
    // Of group structure: alone it does not make a drill pass.
    expect(evaluateCriterion(citext, measurement, reference)).toMatchObject({
      group: 'structure',
      verdict,
      found,
    })
  })
})
