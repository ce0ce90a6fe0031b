import { describe, expect, it } from 'vitest'
import { type Condition, holds, renderCondition, shorten } from '../../../src/core/criteria/condition.ts'

const equals = (value: string) => ({ kind: 'equals', value }) as const
const range = (min?: number, max?: number) => ({ kind: 'range', min, max }) as const

describe('a condition on a value', () => {
  it.each([
    ['NULL is not the text null', equals('null'), null, false],
    ['NULL lies in no range', range(), null, false],
    ['the empty text is itself', equals(''), '', true],
    ['the empty text is not zero', equals('0'), '', false],
    ['zero has no sign', equals('-0.0'), '0', true],
    ['signs differ', equals('-1'), '1', false],
    ['a postcode keeps its zero', equals('01000'), '1000', false],
    ['trailing zeros do not count', equals('10.50'), '10.5', true],
    ['zeros before the point count', equals('100'), '10', false],
    ['exponents are the same number', equals('1e+15'), '1000000000000000', true],
    ['text that only begins as a number', equals('1 row'), '1', false],
    ['an infinite value is no number', range(0), 'Infinity', false],
    ['NaN is no number', range(undefined, 0), 'NaN', false],
    ['hexadecimal is no number', range(0), '0x10', false],
    ['bounds are inclusive', range(3, 3), '3.0', true],
    ['a decimal above the bound', range(undefined, 3), '3.0000001', false],
    ['2^53 + 1 is above 2^53', range(undefined, 2 ** 53), '9007199254740993', false],
    ['a negative number', range(-5, -1), '-3', true],
  ] as const)('%s', (_, condition, value, expected) => {
    expect(holds(condition, value)).toBe(expected)
  })

  it('compares numbers of 130,000 digits in linear time', () => {
    const digits = `1${'0'.repeat(130_000)}`
    expect(holds(equals(digits), `${digits}.${'0'.repeat(1000)}`)).toBe(true)
    expect(holds(equals(digits), `${digits}1`)).toBe(false)
  })
})

describe('the words of a condition', () => {
  it.each<[Condition, string]>([
    [equals('yes'), 'yes'],
    [equals('x'.repeat(201)), `${'x'.repeat(200)}…`],
    [{ kind: 'empty', empty: true }, 'no rows'],
    [{ kind: 'empty', empty: false }, 'at least one row'],
    [range(1), 'at least 1'],
    [range(undefined, 0), 'at most 0'],
    [range(0, 5), '0 to 5'],
  ])('of %j', (condition, text) => {
    expect(renderCondition(condition)).toBe(text)
  })
})

describe('a shortened value', () => {
  it('keeps 200 characters', () => {
    expect(shorten('x'.repeat(200))).toBe('x'.repeat(200))
  })

  it('never ends in half a character, which no JSON column takes', () => {
    const shown = shorten(`${'x'.repeat(199)}😀😀`)
    expect(shown.isWellFormed()).toBe(true)
    expect(shown).toBe(`${'x'.repeat(199)}…`)
  })
})
