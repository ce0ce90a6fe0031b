import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { GIB, KIB, MIB, renderBytes, renderCount } from '../../../src/core/text/bytes.ts'

describe('bytes', () => {
  test.each([
    [0, '0 B'],
    [1, '1 B'],
    [512, '512 B'],
    [1023, '1023 B'],
    [KIB, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [9.99 * KIB, '9.99 KiB'],
    [9.996 * KIB, '10.0 KiB'],
    [99.96 * KIB, '100 KiB'],
    [1023 * KIB, '1023 KiB'],
    [1023.6 * KIB, '1.00 MiB'],
    [5 * MIB, '5.00 MiB'],
    [2 * GIB, '2.00 GiB'],
    [120 * GIB, '120 GiB'],
    [1.5 * 1024 * GIB, '1.50 TiB'],
    [5000 * 1024 * 1024 * GIB, '5000 PiB'],
  ])('%d is %s', (bytes, text) => {
    expect(renderBytes(bytes)).toBe(text)
  })

  it('are never off by more than half a percent', () => {
    const units: Record<string, number> = {
      B: 1,
      KiB: KIB,
      MiB: MIB,
      GiB: GIB,
      TiB: KIB * GIB,
      PiB: MIB * GIB,
    }
    fc.assert(
      fc.property(fc.maxSafeNat(), bytes => {
        const [, amount, unit = ''] = /^(\d{1,4}(?:\.\d{1,2})?) (\w+)$/.exec(renderBytes(bytes)) ?? []
        const shown = Number(amount) * (units[unit] ?? Number.NaN)
        expect(Math.abs(shown - bytes)).toBeLessThanOrEqual(bytes * 0.005)
      }),
    )
  })
})

describe('counts', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1_234_567, '1,234,567'],
  ])('%d is %s', (count, text) => {
    expect(renderCount(count)).toBe(text)
  })
})
