import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { GIB, MIB, TIB } from '../../../src/core/text/bytes.ts'
import { planParts, refuseTooLarge } from '../../../src/storage/multipart/part-size.ts'

const sizes = fc.oneof(fc.integer({ min: 0, max: 2 * TIB }), fc.maxSafeNat())
const stores = fc.constantFrom('known' as const, 'unknown' as const)

describe('a part plan', () => {
  it('takes at most 640 MiB of memory and sends 4 parts side by side up to 750 GiB', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 750 * GIB }), stores, (bytes, store) => {
        const plan = planParts(bytes, store)
        expect((plan.inFlight + 1) * plan.partBytes).toBeLessThanOrEqual(640 * MIB)
        expect(plan.inFlight).toBe(4)
      }),
    )
  })

  it('takes at most 1.25 GiB of memory, whatever the size', () => {
    fc.assert(
      fc.property(sizes, stores, (bytes, store) => {
        const plan = planParts(bytes, store)
        expect((plan.inFlight + 1) * plan.partBytes).toBeLessThanOrEqual(1.25 * GIB)
        expect(plan.inFlight).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  it('lets copies lag by 256 MiB at most, or by a part, and by nothing without copies', () => {
    fc.assert(
      fc.property(sizes, stores, (bytes, store) => {
        const { lag, partBytes, inFlight } = planParts(bytes, store, { hasCopies: true })
        expect(lag).toBeGreaterThanOrEqual(1)
        expect(lag).toBeLessThanOrEqual(inFlight)
        if (lag > 1) expect(lag * partBytes).toBeLessThanOrEqual(256 * MIB)
        expect(planParts(bytes, store).lag).toBe(0)
      }),
    )
  })

  it('fits any archive up to 5 TiB into the parts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 * TIB }), stores, (bytes, store) => {
        const { partBytes, maxParts } = planParts(bytes, store)
        expect(Math.min(bytes * 1.5, 5 * TIB)).toBeLessThanOrEqual(partBytes * maxParts * 0.9)
      }),
    )
  })

  it('refuses a database above 5 TiB unless only a part is dumped', () => {
    refuseTooLarge({ databaseBytes: 5 * TIB })
    refuseTooLarge({ databaseBytes: 50 * TIB, isPartial: true })
    expect(() => refuseTooLarge({ databaseBytes: 5 * TIB + 1 })).toThrow(/Expected at most 5.00 TiB/)
  })

  it('takes no more than 80 MiB where the parts are small', () => {
    for (const bytes of [0, 1, GIB, 90 * GIB]) {
      const plan = planParts(bytes, 'known')
      expect((plan.inFlight + 1) * plan.partBytes).toBeLessThanOrEqual(80 * MIB)
    }
  })

  it('fits an archive of 1.5 times the database into the parts', () => {
    fc.assert(
      fc.property(stores, fc.double({ min: 0, max: 1, noNaN: true }), (store, share) => {
        const parts = store === 'known' ? 10_000 : 1000
        const bytes = Math.floor(((128 * MIB * parts * 0.9) / 1.5) * share)
        const { partBytes } = planParts(bytes, store)
        expect(Math.ceil((bytes * 1.5) / partBytes)).toBeLessThanOrEqual(parts)
      }),
    )
  })

  it('has parts that every store takes: from 5 MiB to 5 GiB, whole MiB', () => {
    fc.assert(
      fc.property(sizes, stores, (bytes, store) => {
        const { partBytes } = planParts(bytes, store)
        expect(partBytes).toBeGreaterThanOrEqual(5 * MIB)
        expect(partBytes).toBeLessThanOrEqual(5 * GIB)
        expect(partBytes % MIB).toBe(0)
      }),
    )
  })

  test.each([
    [0, 'known', 16],
    [90 * GIB, 'known', 16],
    [100 * GIB, 'known', 18],
    [180 * GIB, 'known', 31],
    [0.7 * TIB, 'known', 123],
    [5 * TIB, 'known', 583],
    [1.3 * TIB, 'known', 228],
    [9 * GIB, 'unknown', 16],
    [10 * GIB, 'unknown', 18],
    [0.5 * TIB, 'unknown', 128],
    [5 * TIB, 'unknown', 583],
  ] as const)(
    '%d bytes into a store that is %s: parts of %d MiB, 10,000 of them at most',
    (bytes, store, mib) => {
      expect(planParts(bytes, store)).toMatchObject({ partBytes: mib * MIB, maxParts: 10_000 })
    },
  )
})
