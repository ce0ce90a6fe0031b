import { parseDuration } from '../text/duration.ts'
import type { Condition } from './condition.ts'
import type { Criterion, QueryCriterion } from './criterion.ts'
import { type CriteriaProblem, CriterionFields, shown } from './fields.ts'
import { parseColumnName, parseTableName } from './names.ts'

interface CriteriaDocument {
  readonly criteria: readonly Criterion[]
  readonly problems: readonly CriteriaProblem[]
}

/** The key that says what a check looks at, and all keys that it may have. */
const KEYS = {
  table: ['name', 'table', 'tolerance'],
  newest: ['name', 'newest', 'within'],
  query: ['name', 'query', 'expect', 'min', 'max', 'empty'],
  extension: ['name', 'extension'],
} as const
type Kind = keyof typeof KEYS
const KINDS = ['table', 'newest', 'query', 'extension'] as const

/**
 * Reads a criteria document from plain values; finds every problem. With problems, `criteria` is not to be
 * used.
 */
export function parseCriteriaDocument(document: unknown): CriteriaDocument {
  const problems: CriteriaProblem[] = []
  const root = new CriterionFields(document, [], problems, 'a mapping with the key checks')
  root.refuseOthers(['checks'])
  const checks = root.value('checks', 'a list of checks')
  if (!Array.isArray(checks)) {
    if (checks !== undefined) root.refuse('checks', `expected a list of checks, found ${shown(checks)}`)
    return { criteria: [], problems }
  }
  const criteria = checks.map((item, i) => readCriterion(new CriterionFields(item, ['checks', i], problems)))
  const names = new Map<string, number>()
  for (const [i, { name }] of criteria.entries()) {
    const first = names.get(name)
    if (first === undefined || name === '') names.set(name, i)
    else
      problems.push({
        path: ['checks', i, 'name'],
        at: 'value',
        message: `check ${first + 1} has the name "${name}" already; names are unique`,
      })
  }
  return { criteria, problems }
}

/** What stands for a check that has a problem: it is never shown. */
const REFUSED: Criterion = { kind: 'extension', name: '', extension: '' }

function readCriterion(fields: CriterionFields): Criterion {
  if (!fields.isMapping) return REFUSED
  const [kind, second] = KINDS.filter(candidate => fields.has(candidate))
  if (kind === undefined) {
    fields.refuseOthers([...new Set(KINDS.flatMap(candidate => KEYS[candidate]))])
    fields.refuseAll(`a check has one of the keys ${KINDS.join(', ')}, which says what it looks at`)
    return REFUSED
  }
  if (second !== undefined) {
    fields.refuse(second, `a check has one of ${KINDS.join(', ')}; make this a check of its own`, 'key')
    return REFUSED
  }
  fields.refuseOthers(KEYS[kind], `a check of ${kind}`)
  return READERS[kind](fields, fields.parse('name', 'a name such as "users"', parseName) ?? '')
}

const READERS: Readonly<Record<Kind, (fields: CriterionFields, name: string) => Criterion>> = {
  table(fields, name) {
    const table = fields.parse('table', 'a table such as users or audit.events', parseTableName)
    const tolerance = 'a percentage such as 5%, or 0% for exactly as many rows'
    const tolerancePpm = fields.parse('tolerance', tolerance, parseTolerance)
    if (table === undefined || tolerancePpm === undefined) return REFUSED
    return { kind: 'table', name, table, tolerancePpm }
  },
  newest(fields, name) {
    const column = fields.parse('newest', 'a column such as users.created_at', parseColumnName)
    const withinMs = fields.parse('within', 'a duration such as 1h, 90m or 2d', parseDuration)
    if (column === undefined || withinMs === undefined) return REFUSED
    return { kind: 'newest', name, ...column, withinMs }
  },
  query(fields, name) {
    const sql = fields.parse('query', 'a query such as SELECT count(*) FROM users', parseSql)
    const condition = readCondition(fields)
    if (sql === undefined || condition === undefined) return REFUSED
    return { kind: 'query', name, sql, condition } satisfies QueryCriterion
  },
  extension(fields, name) {
    const extension = fields.parse('extension', 'the name of an extension such as citext', parseName)
    return extension === undefined ? REFUSED : { kind: 'extension', name, extension }
  },
}

function readCondition(fields: CriterionFields): Condition | undefined {
  const given = ['expect', 'min', 'max', 'empty'].filter(key => fields.has(key))
  const alone = given.find(key => key === 'expect' || key === 'empty')
  if (given.length === 0) {
    fields.refuse('query', 'a query needs expect, min, max or empty', 'key')
    return undefined
  }
  if (alone !== undefined && given.length > 1) {
    const [other = ''] = given.filter(key => key !== alone)
    fields.refuse(other, `cannot be combined with ${alone}; only min and max go together`, 'key')
    return undefined
  }
  if (alone === 'expect') return readExpect(fields)
  if (alone === 'empty') {
    const empty = fields.value('empty')
    if (typeof empty === 'boolean') return { kind: 'empty', empty }
    fields.refuse('empty', `expected true or false, found ${shown(empty)}`)
    return undefined
  }
  return readRange(fields)
}

function readExpect(fields: CriterionFields): Condition | undefined {
  const value = fields.value('expect')
  if (typeof value === 'string' || typeof value === 'boolean') return { kind: 'equals', value: String(value) }
  if (typeof value === 'number' && Number.isFinite(value)) {
    // Beyond 2^53 the number that was written is lost already.
    if (!Number.isInteger(value) || Number.isSafeInteger(value))
      return { kind: 'equals', value: String(value) }
    fields.refuse('expect', 'a number of this size has to be in quotes, so that no digit is lost')
    return undefined
  }
  fields.refuse('expect', `expected a text, a number, true or false, found ${shown(value)}`)
  return undefined
}

function readRange(fields: CriterionFields): Condition | undefined {
  const [min, max] = ['min', 'max'].map(key => {
    const value = fields.has(key) ? fields.value(key) : undefined
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value
    fields.refuse(key, `expected a number, found ${shown(value)}`)
    return undefined
  })
  if (min === undefined && max === undefined) return undefined
  if (min !== undefined && max !== undefined && min > max)
    fields.refuse('max', `${max} is below min, which is ${min}`)
  return { kind: 'range', min, max }
}

function parseName(text: string): string {
  if (text.trim() === '' || text !== text.trim() || /[\r\n]/.test(text) || text.length > 100)
    throw new RangeError('a name is one line of 1 to 100 characters')
  return text
}

function parseSql(text: string): string {
  const sql = text.trim().replace(/;$/, '').trim()
  if (sql === '') throw new RangeError('the query is empty')
  return sql
}

/** `5%` in millionths. Four decimals are one millionth. */
function parseTolerance(text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,4})?) ?%$/.exec(text)
  const ppm = Math.round(Number(match?.[1]) * 10_000)
  if (match === null || ppm > 1_000_000)
    throw new RangeError(`"${text}" is not a percentage from 0% to 100% with at most four decimals`)
  return ppm
}
