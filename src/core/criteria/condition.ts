import { truncate } from '../text/truncate.ts'

/** What the answer to a query has to be. */
export type Condition =
  | { readonly kind: 'equals'; readonly value: string }
  | { readonly kind: 'range'; readonly min: number | undefined; readonly max: number | undefined }
  | { readonly kind: 'empty'; readonly empty: boolean }

/** Whether a value fulfils a condition on a value; null fulfils none. */
export function holds(condition: Exclude<Condition, { kind: 'empty' }>, value: string | null): boolean {
  if (value === null) return false
  if (condition.kind === 'equals') return value === condition.value || isSameDecimal(value, condition.value)
  const number = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value) ? exactNumber(value) : Number.NaN
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = condition
  return number >= min && number <= max
}

/** Whole numbers to their last digit: JavaScript compares them exactly with any number. */
function exactNumber(value: string): number | bigint {
  return /^-?\d+$/.test(value) ? BigInt(value) : Number(value)
}

/** What is expected, for people. */
export function renderCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'equals':
      return shorten(condition.value)
    case 'empty':
      return condition.empty ? 'no rows' : 'at least one row'
    case 'range': {
      const { min, max } = condition
      if (min === undefined) return `at most ${max}`
      return max === undefined ? `at least ${min}` : `${min} to ${max}`
    }
  }
}

/**
 * `1` and `1.00` are the same number; digits beyond what a number holds count. With leading zeros it is a
 * text: a postcode.
 */
function isSameDecimal(a: string, b: string): boolean {
  const [first, second] = [normalDecimal(a), normalDecimal(b)]
  return first !== undefined && first === second
}

/** Digits and a power of ten. Both PostgreSQL and JavaScript write an exponent with its sign: `1.5e+15`. */
function normalDecimal(text: string): string | undefined {
  const match = /^(-?)(0|[1-9]\d*)(?:\.(\d*))?(?:e([+-]\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = (whole + fraction).replace(/^0+/, '')
  // No /0+$/, which is quadratic in the runs of zeros: a number may have 130,000 digits.
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  if (end === 0) return '0'
  return `${sign}${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}

/** A record is no place for a whole document that a query may return. */
export function shorten(value: string): string {
  return truncate(value, 200)
}
