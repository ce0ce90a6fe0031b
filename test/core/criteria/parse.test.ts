import { describe, expect, it } from 'vitest'
import { parseCriteriaDocument } from '../../../src/core/criteria/parse.ts'

const parse = (...checks: readonly unknown[]) => parseCriteriaDocument({ checks })
const messages = (...checks: readonly unknown[]) => parse(...checks).problems.map(({ message }) => message)
const query = (more: object) => ({ name: 'q', query: 'SELECT 1', ...more })
const table = (tolerance: unknown) => ({ name: 't', table: 'users', tolerance })

describe('a criteria document', () => {
  it('without checks is accepted and empty', () => {
    expect(parse()).toEqual({ criteria: [], problems: [] })
  })

  it('gives a criterion of each kind', () => {
    const { criteria, problems } = parse(
      table('0.0001%'),
      { name: 'n', newest: 'audit.events.at', within: '90m' },
      query({ query: '  SELECT 1;\n', expect: true }),
      { name: 'e', extension: 'uuid-ossp' },
    )
    expect(problems).toEqual([])
    expect(criteria).toEqual([
      { kind: 'table', name: 't', table: { schema: undefined, name: 'users' }, tolerancePpm: 1 },
      {
        kind: 'newest',
        name: 'n',
        table: { schema: 'audit', name: 'events' },
        column: 'at',
        withinMs: 5_400_000,
      },
      { kind: 'query', name: 'q', sql: 'SELECT 1', condition: { kind: 'equals', value: 'true' } },
      { kind: 'extension', name: 'e', extension: 'uuid-ossp' },
    ])
  })

  it.each([
    ['0%', 0],
    ['100%', 1_000_000],
    ['5 %', 50_000],
    ['0.57%', 5700],
  ])('reads a tolerance of %s as %d millionths', (tolerance, tolerancePpm) => {
    expect(parse(table(tolerance)).criteria).toMatchObject([{ tolerancePpm }])
  })

  it.each(['5', '-1%', '100.0001%', '101%', '0.00001%', '1e1%', '%', '5%\n'])(
    'refuses a tolerance of %j',
    tolerance => {
      expect(messages(table(tolerance)).join()).toContain(
        `"${tolerance}" is not a percentage from 0% to 100% with at most four decimals`,
      )
    },
  )

  it.each([
    [{ expect: 0 }, { kind: 'equals', value: '0' }],
    [{ expect: '' }, { kind: 'equals', value: '' }],
    [{ expect: 0.1 }, { kind: 'equals', value: '0.1' }],
    [{ min: 0 }, { kind: 'range', min: 0, max: undefined }],
    [
      { min: 2, max: 2 },
      { kind: 'range', min: 2, max: 2 },
    ],
    [{ empty: false }, { kind: 'empty', empty: false }],
  ])('reads the condition %j', (condition, expected) => {
    expect(parse(query(condition)).criteria).toMatchObject([{ condition: expected }])
  })

  it.each([
    [{}, 'a query needs expect, min, max or empty'],
    [{ expect: 1, min: 1 }, 'cannot be combined with expect; only min and max go together'],
    [{ empty: true, expect: 1 }, 'cannot be combined with expect; only min and max go together'],
    [{ empty: 'yes' }, 'expected true or false, found "yes"'],
    [{ expect: 2 ** 53 }, 'a number of this size has to be in quotes, so that no digit is lost'],
    [{ expect: Number.POSITIVE_INFINITY }, 'expected a text, a number, true or false, found "Infinity"'],
    [{ expect: null }, 'expected a text, a number, true or false, found nothing'],
    [{ min: '1' }, 'expected a number, found "1"'],
    [{ max: Number.NaN }, 'expected a number, found "NaN"'],
    [{ min: 2, max: 1 }, '1 is below min, which is 2'],
  ])('refuses the condition %j', (condition, message) => {
    expect(messages(query(condition))).toEqual([message])
  })

  it.each([
    [{ ...query({ empty: true }), query: ' ; ' }, 'the query is empty'],
    [{ name: ' a', extension: 'citext' }, 'a name is one line of 1 to 100 characters'],
    [{ name: 'x'.repeat(101), extension: 'citext' }, 'a name is one line of 1 to 100 characters'],
    [{ name: 'a' }, 'a check has one of the keys table, newest, query, extension'],
    [
      { name: 'a', extension: 'citext', query: 'SELECT 1' },
      'a check has one of table, newest, query, extension; make this a check of its own',
    ],
    [{ name: 'a', extension: 'citext', tolerance: '1%' }, 'unknown key "tolerance"; a check of extension'],
  ])('refuses %j', (check, message) => {
    expect(messages(check).join()).toContain(message)
  })

  it('finds every problem, each with its path', () => {
    const { problems } = parse('users', table('5'), { ...query({ empty: 1 }), nmae: 'x' })
    expect(problems.map(({ path, at }) => [path.join('.'), at])).toEqual([
      ['checks.0', 'value'],
      ['checks.1.tolerance', 'value'],
      ['checks.2.nmae', 'key'],
      ['checks.2.empty', 'value'],
    ])
  })

  it('refuses a name that is taken, and counts from one', () => {
    const check = { name: 'a', extension: 'citext' }
    expect(parse(check, { name: 'b', extension: 'hstore' }, check, check).problems).toEqual(
      [2, 3].map(i => ({
        path: ['checks', i, 'name'],
        at: 'value',
        message: 'check 1 has the name "a" already; names are unique',
      })),
    )
  })

  it('does not take two checks with other problems for checks of one name', () => {
    expect(messages({ extension: 'citext' }, { extension: 'citext' })).toEqual(
      Array(2).fill('name is missing: expected a name such as "users"'),
    )
  })

  it.each([[{ checks: {} }], [{ checks: null }], [[]], ['checks']])('refuses %j', document => {
    const { criteria, problems } = parseCriteriaDocument(document)
    expect(criteria).toEqual([])
    expect(problems).toHaveLength(1)
  })
})
