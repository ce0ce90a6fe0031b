import { describe, expect, it, test } from 'vitest'
import {
  parseKeepCount,
  parseTimeZone,
  renderDays,
  renderPolicy,
} from '../../../src/core/retention/policy.ts'
import { DAY_MS, NO_POLICY } from '../../support/samples/catalogue.ts'

describe('the words of a policy', () => {
  test.each([['0'], ['-1'], ['1.5'], ['7d'], ['100001'], ['ten'], [''], ['07'], ['Unlimited'], ['1e3']])(
    'refuse the count %s',
    text => {
      expect(() => parseKeepCount(text)).toThrow('from 1 to 100000, or unlimited')
    },
  )

  it('take counts, unlimited and time zones', () => {
    expect([parseKeepCount('7'), parseKeepCount('unlimited')]).toEqual([7, Number.POSITIVE_INFINITY])
    expect(parseTimeZone('Asia/Singapore')).toBe('Asia/Singapore')
    expect(() => parseTimeZone('Mars/Olympus')).toThrow('such as UTC or Asia/Singapore')
  })

  it('are shown as they are', () => {
    const counts = { yearly: Number.POSITIVE_INFINITY, daily: 7 }
    expect(renderPolicy({ ...NO_POLICY, counts, withinMs: 2 * DAY_MS })).toBe(
      'daily 7, yearly unlimited, within 2 days (UTC)',
    )
  })
})

test.each([
  [DAY_MS, '1 day'],
  [30 * DAY_MS, '30 days'],
  [1.5 * DAY_MS, '1.5 days'],
  [DAY_MS / 24, '0.0 days'],
  [0, '0 days'],
])('%d ms are %s', (ms, text) => {
  expect(renderDays(ms)).toBe(text)
})
