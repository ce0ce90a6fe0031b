import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { GIB, MIB } from '../../src/core/bytes.ts'
import { planParts } from '../../src/core/part-plan.ts'

const TIB = 1024 * GIB
const sizes = fc.oneof(fc.integer({ min: 0, max: 2 * TIB }), fc.maxSafeNat())
const limits = fc.constantFrom(1000, 10_000)

describe('a part plan', () => {
  it('never takes more than 256 MiB of memory, whatever the size', () => {
    fc.assert(
      fc.property(sizes, limits, (bytes, maxParts) => {
        const plan = planParts(bytes, maxParts)
        expect((plan.inFlight + 1) * plan.partBytes).toBeLessThanOrEqual(256 * MIB)
        expect(plan.inFlight).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  it('takes no more than 96 MiB where the parts are small', () => {
    for (const bytes of [0, 1, GIB, 90 * GIB]) {
      const plan = planParts(bytes, 10_000)
      expect((plan.inFlight + 1) * plan.partBytes).toBeLessThanOrEqual(96 * MIB)
    }
  })

  it('fits an archive of one and a half times the database into the parts, up to its largest part', () => {
    fc.assert(
      fc.property(limits, fc.double({ min: 0, max: 1, noNaN: true }), (maxParts, share) => {
        const largest = (128 * MIB * maxParts * 0.9) / 1.5
        const bytes = Math.floor(largest * share)
        const { partBytes } = planParts(bytes, maxParts)
        expect(Math.ceil((bytes * 1.5) / partBytes)).toBeLessThanOrEqual(maxParts)
      }),
    )
  })

  it('has parts that every store takes: from 5 MiB to 5 GiB, whole MiB', () => {
    fc.assert(
      fc.property(sizes, limits, (bytes, maxParts) => {
        const { partBytes } = planParts(bytes, maxParts)
        expect(partBytes).toBeGreaterThanOrEqual(5 * MIB)
        expect(partBytes).toBeLessThanOrEqual(5 * GIB)
        expect(partBytes % MIB).toBe(0)
      }),
    )
  })

  test.each([
    [0, 10_000, 16],
    [90 * GIB, 10_000, 16],
    [100 * GIB, 10_000, 18],
    [TIB, 10_000, 128],
    [10 * GIB, 1000, 18],
    [1.3 * TIB, 10_000, 128],
  ])('%d bytes in at most %d parts: %d MiB each', (bytes, maxParts, mib) => {
    expect(planParts(bytes, maxParts).partBytes).toBe(mib * MIB)
  })
})
