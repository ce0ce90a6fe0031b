import { describe, expect, it, test } from 'vitest'
import { readCriteria } from '../../../src/actions/verify-drill/criteria-file.ts'

/** The message of the one error that reading throws, without the name of the file where it begins a line. */
function problemsOf(text: string): readonly string[] {
  try {
    readCriteria(text, 'criteria.yml')
  } catch (error) {
    expect(error).toMatchObject({ name: 'OperatorError', code: 'INVALID_INPUT' })
    const { message } = error as Error
    return message
      .split('\n')
      .map(line => line.replace(/^- /, ''))
      .filter(line => /^criteria\.yml:\d+:\d+: /.test(line))
      .map(line => line.replace('criteria.yml:', ''))
  }
  return []
}

/** One check, its keys from line 3 on in column 5. */
const check = (...lines: string[]) => `checks:\n  - name: a\n${lines.map(line => `    ${line}\n`).join('')}`

describe('a mistake in a criteria file', () => {
  test.each([
    ['nothing', '', '1:1: expected a mapping with the key checks, found nothing'],
    ['a list', '- a\n', '1:1: expected a mapping with the key checks, found a list'],
    [
      'another key',
      'check: []\n',
      '1:1: unknown key "check"; this mapping accepts checks',
      '1:1: checks is missing: expected a list of checks',
    ],
    ['checks that are none', 'checks: 5\n', '1:9: expected a list of checks, found "5"'],
    ['checks without a value', 'checks:\n', '1:8: expected a list of checks, found nothing'],
    [
      'a check that is a text',
      'checks:\n  - users\n',
      '2:5: expected a check: a mapping with a name, found "users"',
    ],
    [
      'no kind',
      check(),
      '2:5: a check has one of the keys table, newest, query, extension, which says what it looks at',
    ],
    [
      'two kinds',
      check('table: users', 'query: SELECT 1', 'expect: 1'),
      '4:5: a check has one of table, newest, query, extension; make this a check of its own',
    ],
    [
      'a misspelled key',
      check('table: users', 'tolerence: 5%'),
      '2:5: tolerance is missing: expected a percentage such as 5%, or 0% for exactly as many rows',
      '4:5: unknown key "tolerence"; a check of table accepts name, table, tolerance',
    ],
    ['no name', 'checks:\n  - extension: citext\n', '2:5: name is missing: expected a name such as "users"'],
    [
      'a name of many lines',
      'checks:\n  - name: "a\\nb"\n    extension: citext\n',
      '2:11: a name is one line of 1 to 100 characters; expected a name such as "users"',
    ],
    [
      'a tolerance without its sign',
      check('table: users', 'tolerance: 5'),
      '4:16: expected a percentage such as 5%, or 0% for exactly as many rows, found "5"',
    ],
    [
      'a tolerance beyond 100 %',
      check('table: users', 'tolerance: 101%'),
      '4:16: "101%" is not a percentage from 0% to 100% with at most four decimals; expected a percentage such as 5%, or 0% for exactly as many rows',
    ],
    [
      'a negative tolerance',
      check('table: users', 'tolerance: -5%'),
      expect.stringMatching(/^4:16: "-5%" is not a percentage/),
    ],
    [
      'a table of four parts',
      check('table: a.b.c', 'tolerance: 5%'),
      expect.stringMatching(/^3:12: "a\.b\.c" has too many dots/),
    ],
    [
      'a table that needs quotes',
      check('table: my-table', 'tolerance: 5%'),
      expect.stringMatching(/^3:12: .*double quotes/),
    ],
    ['a quote that is not closed', check(`table: 'a."b'`, 'tolerance: 5%'), expect.stringMatching(/^3:12: /)],
    [
      'a column without a table',
      check('newest: created_at', 'within: 1h'),
      expect.stringMatching(/^3:13: "created_at" is not written table\.column/),
    ],
    [
      'a time without a unit',
      check('newest: a.b', 'within: 60'),
      expect.stringMatching(/^4:13: expected a duration such as 1h, 90m or 2d, found "60"/),
    ],
    [
      'a time that is none',
      check('newest: a.b', 'within: soon'),
      expect.stringMatching(/^4:13: "soon" is not a duration/),
    ],
    ['an empty query', check('query: ";"', 'expect: 1'), expect.stringMatching(/^3:12: the query is empty/)],
    ['a query without a condition', check('query: SELECT 1'), '3:5: a query needs expect, min, max or empty'],
    [
      'two conditions',
      check('query: SELECT 1', 'min: 1', 'expect: 1'),
      '4:5: cannot be combined with expect; only min and max go together',
    ],
    ['min above max', check('query: SELECT 1', 'min: 5', 'max: 4'), '5:10: 4 is below min, which is 5'],
    [
      'a min that is no number',
      check('query: SELECT 1', 'min: many'),
      '4:10: expected a number, found "many"',
    ],
    ['an infinite max', check('query: SELECT 1', 'max: .inf'), '4:10: expected a number, found "Infinity"'],
    [
      'empty that is not true or false',
      check('query: SELECT 1', 'empty: yes'),
      '4:12: expected true or false, found "yes"',
    ],
    [
      'nothing expected',
      check('query: SELECT 1', 'expect:'),
      '4:12: expected a text, a number, true or false, found nothing',
    ],
    [
      'a number that loses digits',
      check('query: SELECT 1', 'expect: 12345678901234567890'),
      '4:13: a number of this size has to be in quotes, so that no digit is lost',
    ],
    [
      'a fraction that loses digits',
      'checks:\n  - name: a\n    query: SELECT 1\n    expect: 0.12345678901234567',
      '4:13: a number of this size has to be in quotes, so that no digit is lost',
    ],
    [
      'a limit that loses digits',
      'checks:\n  - name: a\n    query: SELECT 1\n    min: 9007199254740993',
      '4:10: a number of this size has to be in quotes, so that no digit is lost',
    ],
    [
      'a list for a table',
      check('table: [a, b]', 'tolerance: 5%'),
      '3:12: expected a table such as users or audit.events, found a list',
    ],
    [
      'a name that is taken',
      'checks:\n  - { name: a, extension: x }\n  - { name: a, extension: y }\n',
      '3:13: check 1 has the name "a" already; names are unique',
    ],
    ['a key twice', check('table: a', 'table: b', 'tolerance: 5%'), '4:5: Map keys must be unique'],
    ['a tab', 'checks:\n\t- name: a\n', expect.stringMatching(/^2:1: Tabs are not allowed as indentation/)],
    [
      'a tag that is not known',
      check('table: !sql users', 'tolerance: 5%'),
      expect.stringMatching(/^3:12: Unresolved tag: !sql/),
    ],
    [
      'an alias of nothing',
      check('table: *users', 'tolerance: 5%'),
      expect.stringMatching(/^3:12: there is no anchor &users/),
    ],
  ] as ReadonlyArray<[string, string, ...string[]]>)('%s', (_, text, ...expected) => {
    expect(problemsOf(text)).toEqual(expected)
  })

  it('does not hide the others', () => {
    const text = `checks:
  - name: users
    table: users
  - name: users
    newest: created_at
    within: 1
  - extension: 5
    color: red
`
    expect(problemsOf(text).map(problem => problem.split(' ')[0])).toEqual([
      '2:5:',
      '5:13:',
      '6:13:',
      '7:5:',
      '7:16:',
      '8:5:',
    ])
  })

  it('a mistake is located in a file with Windows line ends and after surrogate pairs', () => {
    expect(problemsOf('checks:\r\n  - name: 👩‍🚒\r\n    table: a-b\r\n    tolerance: 5%\r\n')).toEqual([
      expect.stringMatching(/^3:12: /),
    ])
  })

  it('that multiplies without end is refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 10; i += 1)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    expect(() => readCriteria(`${lines.join('\n')}\nchecks: []\n`, 'criteria.yml')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })
})
