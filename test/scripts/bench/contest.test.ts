import { expect, it } from 'vitest'
import { medianSample, otherSample, type Sample } from '../../../scripts/bench/contest.ts'

it('takes the median of each figure and of each part', () => {
  const sample = (seconds: number, peakBytes: number): Sample => ({
    ...otherSample(seconds, [{ name: 'download', seconds: seconds / 2 }]),
    peakBytes,
  })
  expect(medianSample([sample(3, 10), sample(1, 30), sample(2, 20)])).toEqual({
    seconds: 2,
    cpuSeconds: null,
    peakBytes: 20,
    summaryBytes: null,
    parts: [{ name: 'download', seconds: 1 }],
  })
})

it('takes the middle of two rounds', () => {
  expect(medianSample([otherSample(1), otherSample(2)]).seconds).toBe(1.5)
})
