import { describe, expect, it, test } from 'vitest'
import { ERROR_CODES, errorMessage, OperatorError } from '../../src/core/errors.ts'

describe('the table of codes', () => {
  test.each(Object.entries(ERROR_CODES))('%s says what it means in whole sentences', (code, meaning) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
    expect(meaning).toMatch(/^[A-Zp].*\.$/)
  })
})

describe('an operator error', () => {
  it('carries its code, its message, its hint and its cause', () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:5432')
    const error = new OperatorError('DATABASE_UNREACHABLE', 'No connection to db:5432.', {
      hint: 'Check it.',
      cause,
    })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'OperatorError',
      code: 'DATABASE_UNREACHABLE',
      hint: 'Check it.',
      cause,
    })
    expect(`${error}`).toBe('OperatorError: No connection to db:5432.')
  })

  it('has no cause and no hint unless they are given', () => {
    const error = new OperatorError('CANCELLED', 'The job was cancelled.')
    expect('cause' in error).toBe(false)
    expect(error.hint).toBeUndefined()
  })
})

describe('the message of what was thrown', () => {
  test.each<[string, unknown, string]>([
    ['an error', new Error('disk full'), 'disk full'],
    ['an error without a message', new TypeError(), 'TypeError'],
    ['a text', 'no', 'no'],
    ['an empty text', '', 'unknown error'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 0, '0'],
    ['an aggregate with a message', new AggregateError([new Error('a')], 'all failed'), 'all failed'],
    ['an aggregate without one', new AggregateError([new Error('a'), new Error('b')]), 'a; b'],
    ['an aggregate of nothing', new AggregateError([]), 'AggregateError'],
    ['an object without a prototype', Object.create(null), 'unknown error'],
    ['a plain object', { code: 'ENOENT', message: 'no such file' }, 'no such file'],
  ])('is found in %s', (_, thrown, message) => {
    expect(errorMessage(thrown)).toBe(message)
  })
})
