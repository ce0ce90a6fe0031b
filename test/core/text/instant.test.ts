import { expect, it } from 'vitest'
import { isDay, readInstant } from '../../../src/core/text/instant.ts'

it.each([
  ['2026-11-22T03:00:00Z', '2026-11-22T03:00:00.000Z'],
  ['2026-11-22T03:00Z', '2026-11-22T03:00:00.000Z'],
  ['2026-11-22 03:00:00.123456Z', '2026-11-22T03:00:00.123Z'],
  ['2026-11-22T00:30:00+08:00', '2026-11-21T16:30:00.000Z'],
  ['2026-11-22T03:00:00-0530', '2026-11-22T08:30:00.000Z'],
  ['2028-02-29T23:59:59Z', '2028-02-29T23:59:59.000Z'],
])('reads the instant %s', (text, instant) => {
  expect(readInstant(text)?.toISOString()).toBe(instant)
})

it.each([
  ['2026-11-31T03:00:00Z', 'a day that November lacks'],
  ['2026-02-29T03:00:00+08:00', 'a leap day of another year'],
  ['2026-11-30T24:00:00Z', 'midnight as the end of a day'],
  ['2026-13-01T03:00:00Z', 'a thirteenth month'],
  ['2026-11-22T03:60:00Z', 'a sixtieth minute'],
  ['2026-11-22T03:00:60Z', 'a leap second'],
  ['2026-11-22T03:00:00+24:00', 'an offset of a day'],
  ['2026-11-22T03:00:00', 'no offset'],
  ['2026-11-22', 'no time'],
  ['2026-11-22T03Z', 'no minutes'],
  [' 2026-11-22T03:00:00Z', 'a space before it'],
  ['2026-11-22T03:00:00Z\n', 'a line break after it'],
  ['', 'nothing'],
  ['latest', 'a word'],
])('does not read %j: %s', text => {
  expect(readInstant(text)).toBeUndefined()
})

it.each([
  ['2026-11-30', true],
  ['2026-11-31', false],
  ['2026-1-1', false],
  ['+002026-11-30', false],
  ['', false],
])('%j is a day: %s', (text, expected) => {
  expect(isDay(text)).toBe(expected)
})
