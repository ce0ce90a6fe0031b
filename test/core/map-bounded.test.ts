import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { mapBounded } from '../../src/core/map-bounded.ts'

describe('a bounded map', () => {
  it('keeps the order of the items, whichever is done first', async () => {
    const slept = await mapBounded([30, 1, 15], 3, ms => sleep(ms, ms * 2))
    expect(slept).toEqual([60, 2, 30])
  })

  it('has as many calls under way as the limit allows, and no more', async () => {
    let [running, most] = [0, 0]
    await mapBounded(Array.from({ length: 20 }), 4, async () => {
      running += 1
      most = Math.max(most, running)
      await sleep(2)
      running -= 1
    })
    expect(most).toBe(4)
  })

  it('rejects with the first failure and begins no further call', async () => {
    const begun: number[] = []
    const mapped = mapBounded([1, 2, 3, 4, 5], 2, async item => {
      begun.push(item)
      await sleep(item)
      if (item === 1) throw new Error('first')
    })
    await expect(mapped).rejects.toThrow('first')
    await sleep(20)
    expect(begun).toEqual([1, 2])
  })

  it('gives an empty list for no items', async () => {
    expect(await mapBounded([], 3, async () => 1)).toEqual([])
  })
})
