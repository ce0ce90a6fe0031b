import { describe, expect, it } from 'vitest'
import { calendarOf } from '../../../src/core/retention/calendar.ts'
import type { RetentionPolicy } from '../../../src/core/retention/policy.ts'
import { keepByTiers } from '../../../src/core/retention/tiers.ts'
import { DAY_MS, dailyBackups, NO_POLICY } from '../../support/samples/catalogue.ts'

const periodsOf = calendarOf('UTC')
/** What a policy keeps of days before the newest, each with its reasons. */
function kept(ages: readonly number[], policy: Partial<RetentionPolicy>) {
  const newest = Date.parse('2026-11-29T03:15:00Z')
  const backups = ages.map(age => ({ id: String(age), snapshotAt: new Date(newest - age * DAY_MS) }))
  return Object.fromEntries(keepByTiers(backups, { ...NO_POLICY, ...policy }, periodsOf))
}

describe('the tiers of a policy', () => {
  it('keep nothing where none is set, and nothing of nothing', () => {
    expect(kept([0, 1], {})).toEqual({})
    expect(kept([], { counts: { last: 3 }, withinMs: DAY_MS })).toEqual({})
  })

  it('keep the last, regardless of days', () => {
    expect(kept([0, 0.1, 0.2, 0.3], { counts: { last: 2 } })).toEqual({ 0: ['last'], '0.1': ['last'] })
  })

  it('keep the newest of each period, and count periods that have a backup', () => {
    expect(kept([0, 0.1, 1, 7, 8], { counts: { daily: 3 } })).toEqual({
      0: ['daily 2026-11-29'],
      1: ['daily 2026-11-28'],
      7: ['daily 2026-11-22'],
    })
  })

  it('keep the oldest while counts are left, so that a young collection grows', () => {
    expect(kept([0, 1, 2], { counts: { yearly: 2 } })).toEqual({
      0: ['yearly 2026'],
      2: ['oldest, while yearly counts are left'],
    })
    expect(kept([0, 1, 2], { counts: { yearly: 1 } })).toEqual({ 0: ['yearly 2026'] })
  })

  it('keep all with unlimited', () => {
    const all = dailyBackups(40)
    const counts = { daily: Number.POSITIVE_INFINITY }
    expect(keepByTiers(all, { ...NO_POLICY, counts }, periodsOf).size).toBe(40)
  })

  it('give one backup the reasons of every tier', () => {
    expect(kept([0, 300], { counts: { last: 1, daily: 1, weekly: 1, monthly: 1 } })).toEqual({
      0: ['last', 'daily 2026-11-29', 'weekly 2026-W48', 'monthly 2026-11'],
    })
  })

  it('count a time from the newest, so that none ages out when backups stop', () => {
    expect(kept([0, 2, 2.01], { withinMs: 2 * DAY_MS })).toEqual({
      0: ['within 2 days of the newest'],
      2: ['within 2 days of the newest'],
    })
  })
})
