import { describe, expect, it, test } from 'vitest'
import { calendarOf } from '../../../src/core/retention/calendar.ts'

describe('calendar periods', () => {
  test.each([
    ['UTC', '2026-11-29T23:30:00Z', 'daily', '2026-11-29'],
    ['Asia/Singapore', '2026-11-29T23:30:00Z', 'daily', '2026-11-30'],
    ['Asia/Singapore', '2026-11-29T23:30:00Z', 'weekly', '2026-W49'],
    ['UTC', '2026-01-01T00:00:00Z', 'weekly', '2026-W01'],
    ['UTC', '2027-01-03T12:00:00Z', 'weekly', '2026-W53'],
    ['UTC', '2024-12-30T12:00:00Z', 'weekly', '2025-W01'],
    ['UTC', '2026-11-29T23:30:00Z', 'monthly', '2026-11'],
    ['Pacific/Kiritimati', '2025-12-31T12:00:00Z', 'yearly', '2026'],
    ['UTC', '2028-02-29T12:00:00Z', 'daily', '2028-02-29'],
    ['UTC', '2021-01-03T23:59:59Z', 'weekly', '2020-W53'],
    ['UTC', '2021-01-04T00:00:00Z', 'weekly', '2021-W01'],
    ['Asia/Kathmandu', '2026-11-29T18:15:00Z', 'daily', '2026-11-30'],
  ] as const)('in %s, %s is in %s %s', (timeZone, instant, tier, period) => {
    expect(calendarOf(timeZone)(new Date(instant))[tier]).toBe(period)
  })

  it('counts the hour of midnight to the day that begins', () => {
    expect(calendarOf('UTC')(new Date('2026-11-29T00:30:00Z')).hourly).toMatch(/^2026-11-29 00h /)
  })

  it('tells the two hours of the night when clocks go back', () => {
    const hour = (instant: string) => calendarOf('America/New_York')(new Date(instant)).hourly
    expect(hour('2026-11-01T05:30:00Z')).not.toBe(hour('2026-11-01T06:30:00Z'))
  })
})
