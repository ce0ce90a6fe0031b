import { expect, test } from 'vitest'
import { describeClockDifference } from '../../../src/core/backup/clock-difference.ts'

const NOW = new Date('2026-11-30T06:00:00Z')

test.each([
  ['as far ahead as is tolerated', 300_000, false],
  ['ahead', 300_001, true],
  ['behind, as after a failover to a standby', -600_000, true],
  ['right', 0, false],
])('a server whose clock is %s', (_, aheadMs, isWarned) => {
  const text = describeClockDifference(new Date(NOW.getTime() + aheadMs), NOW)
  expect(text?.includes('2026-11-30T06:00:00.000Z') ?? false).toBe(isWarned)
})
