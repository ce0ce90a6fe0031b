import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parseDuration, renderDuration } from '../../../src/core/text/duration.ts'

describe('a duration', () => {
  test.each([
    ['0s', 0],
    ['500ms', 500],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['7d', 604_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['1.5h', 5_400_000],
    ['0.1s', 100],
    ['1.1s', 1100],
    ['0.07s', 70],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each([
    '',
    ' ',
    '10',
    '10 m',
    '-1s',
    '+1s',
    '1s ',
    ' 1s',
    '1S',
    '1min',
    '1h30',
    '30m1h',
    '1m1m',
    '.5s',
    '5.s',
    '1e3s',
    'PT1H',
    '1h,30m',
    '١s',
    '1s\n',
  ])('%j is refused with an example of what is accepted', text => {
    expect(() => parseDuration(text)).toThrow(RangeError)
    expect(() => parseDuration(text)).toThrow(`"${text}" is not a duration such as 90s, 10m or 1h30m`)
  })

  it('is read back from its parts, whatever they are', () => {
    const part = fc.nat(10_000)
    fc.assert(
      fc.property(part, part, part, part, part, (d, h, m, s, ms) => {
        const parsed = parseDuration(`${d}d${h}h${m}m${s}s${ms}ms`)
        expect(parsed).toBe((((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms)
      }),
    )
  })

  it('is a whole number of milliseconds or is refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9.dhms ]{0,12}$/), text => {
        try {
          expect(Number.isInteger(parseDuration(text))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
    )
  })
})

describe('a measured time', () => {
  test.each([
    [0, '0.0 s'],
    [49, '0.0 s'],
    [400, '0.4 s'],
    [9949, '9.9 s'],
    [9950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [3_599_499, '59 min 59 s'],
    [3_599_500, '1 h 00 min'],
    [7_800_000, '2 h 10 min'],
    [180_000_000, '50 h 00 min'],
  ])('%d ms is %s', (ms, text) => {
    expect(renderDuration(ms)).toBe(text)
  })

  it('never shows 60 of anything', () => {
    fc.assert(
      fc.property(fc.nat(400_000_000), ms => {
        expect(renderDuration(ms)).not.toMatch(/\b60 (s|min)/)
      }),
    )
  })
})
