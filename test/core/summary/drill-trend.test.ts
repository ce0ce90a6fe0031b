import { describe, expect, it, test } from 'vitest'
import { type PastDrill, renderDrillTrend } from '../../../src/core/summary/drill-trend.ts'

function drillOf(
  month: number,
  restoreMs: number | null,
  verdict: PastDrill['drill']['verdict'] = 'pass',
): PastDrill {
  const startedAt = new Date(Date.UTC(2026, month - 1, 1, 4)).toISOString()
  return {
    drill: { id: `drill ${month}`, startedAt, verdict },
    durations: { downloadMs: 0, restoreMs },
  }
}

describe('the trend of recovery times', () => {
  it('is a chart of the drills in their order, with the verdict of each', () => {
    const previous = [drillOf(11, null, 'fail'), drillOf(9, 90_000), drillOf(10, 120_000, 'not-measured')]
    expect(renderDrillTrend(drillOf(12, 240_000), previous)).toEqual({
      chart: [
        '2026-09-01 04:00  pass                 1 min 30 s  ██████████▌',
        '2026-10-01 04:00  NOT-MEASURED         2 min 00 s  ██████████████',
        '2026-11-01 04:00  FAIL               not restored',
        '2026-12-01 04:00  pass ◀ this drill    4 min 00 s  ████████████████████████████',
      ].join('\n'),
      comparisons: ['The 2 drills before took a median of 2 min 00 s: this one took 2.0 times as long.'],
    })
  })

  it('of the first drill is one bar and no comparison', () => {
    const { chart, comparisons } = renderDrillTrend(drillOf(1, 1000), [])
    expect(chart.split('\n')).toHaveLength(1)
    expect(comparisons).toEqual([])
  })

  it('shows a year of monthly drills, the newest, and this one once', () => {
    const all = Array.from({ length: 30 }, (_, i) => drillOf(i + 1, 1000))
    const { chart } = renderDrillTrend(drillOf(30, 1000), all)
    expect(chart.split('\n')).toHaveLength(12)
    expect(chart.split('\n')[0]).toContain('2027-07-01')
    expect(chart.match(/2028-06-01/g)).toHaveLength(1)
  })

  it('leaves out drills that started later than the one that is shown', () => {
    expect(renderDrillTrend(drillOf(3, 1000), [drillOf(2, 1000), drillOf(4, 9000)]).chart).not.toContain(
      '2026-04',
    )
  })

  test.each([
    [100_000, 'as long'],
    [150_000, '50 % longer'],
    [60_000, '40 % less'],
    [500_000, '5.0 times as long'],
  ])('%i ms after 100 s: %s', (restoreMs, words) => {
    expect(renderDrillTrend(drillOf(2, restoreMs), [drillOf(1, 100_000)]).comparisons).toEqual([
      `The one drill before took 1 min 40 s: this one took ${words}.`,
    ])
  })

  it('compares nothing where this drill has no recovery time', () => {
    expect(renderDrillTrend(drillOf(2, null), [drillOf(1, 1000)]).comparisons).toEqual([])
  })
})
