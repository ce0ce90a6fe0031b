import { describe, expect, it } from 'vitest'
import {
  durationMeasure,
  renderTrend,
  SIZE_MEASURE,
  TREND_LENGTH,
  type TrendPoint,
} from '../../../src/core/summary/trend.ts'

const pointOf = (day: number, ...values: readonly (number | null)[]): TrendPoint => ({
  id: `run ${day}`,
  at: new Date(Date.UTC(2026, 10, day, 3)),
  word: 'pass',
  values,
})
const trend = (current: TrendPoint, previous: readonly TrendPoint[], measures = [durationMeasure()]) =>
  renderTrend(current, previous, { noun: 'run', measures })

describe('a trend', () => {
  it('of one run is one line, and compares with nothing', () => {
    const { chart, comparisons } = trend(pointOf(1, 60_000), [])
    expect(chart).toMatch(/^2026-11-01 03:00 {2}pass ◀ this run {2}1 min 00 s {2}█+$/)
    expect(comparisons).toEqual([])
  })

  it('orders runs by time, and leaves out later ones and itself', () => {
    const { chart } = trend(pointOf(3, 1000), [
      pointOf(2, 1000),
      pointOf(4, 1000),
      pointOf(1, 1000),
      pointOf(3, 1),
    ])
    expect(chart.split('\n').map(line => line.slice(8, 10))).toEqual(['01', '02', '03'])
  })

  it('shows the newest runs', () => {
    const all = Array.from({ length: 20 }, (_, day) => pointOf(day + 1, 1000))
    const lines = trend(pointOf(21, 1000), all).chart.split('\n')
    expect(lines).toHaveLength(TREND_LENGTH)
    expect(lines[0]).toContain('2026-11-10')
  })

  it.each([
    [1000, [1000], 'The one run before took 1.0 s: this one took as long.'],
    [1949, [1000], 'The one run before took 1.0 s: this one took 95 % longer.'],
    [2000, [1000], 'The one run before took 1.0 s: this one took 2.0 times as long.'],
    [1500, [1000, 1000], 'The 2 runs before took a median of 1.0 s: this one took 50 % longer.'],
    [0, [1000, 1000], 'The 2 runs before took a median of 1.0 s: this one took 100 % less.'],
    [1004, [1000], 'The one run before took 1.0 s: this one took as long.'],
  ])('compares %d ms with %j', (value, earlier, sentence) => {
    const previous = earlier.map((ms, day) => pointOf(day + 1, ms))
    expect(trend(pointOf(28, value), previous).comparisons).toEqual([sentence])
  })

  it.each([
    [null, [1000]],
    [1000, [null, null]],
    [1000, [0, 0]],
  ])('does not compare %j ms with %j', (value, earlier) => {
    const previous = earlier.map((ms, day) => pointOf(day + 1, ms))
    expect(trend(pointOf(28, value), previous).comparisons).toEqual([])
  })

  it('says what was not measured, and counts only runs that were', () => {
    const measures = [durationMeasure('not restored'), SIZE_MEASURE]
    const previous = [pointOf(1, null, 1024), pointOf(2, 1000, null)]
    const { chart, comparisons } = trend(pointOf(3, 1000, 2048), previous, measures)
    expect(chart.split('\n')[0]).toMatch(/not restored {2}1\.00 KiB$/)
    expect(chart.split('\n')[1]).toContain('unknown')
    expect(comparisons).toEqual([
      'The one run before took 1.0 s: this one took as long.',
      'It had 1.00 KiB: this one is 2.0 times as large.',
    ])
  })
})
