import { describe, expect, it, test } from 'vitest'
import {
  parseThawTier,
  renderThaw,
  renderThawTiers,
  thawProblem,
  thawReadyBy,
} from '../../../src/core/backup/thaw.ts'

describe('thaw', () => {
  it('takes the three tiers, spelled exactly so', () => {
    expect(['standard', 'bulk', 'expedited'].map(parseThawTier)).toEqual(['standard', 'bulk', 'expedited'])
    expect(parseThawTier('none')).toBeUndefined()
    expect(() => parseThawTier('Standard')).toThrow('expected none, standard, bulk, expedited')
  })

  test.each([
    ['GLACIER', 'expedited', undefined],
    ['DEEP_ARCHIVE', 'bulk', undefined],
    ['DEEP_ARCHIVE', 'expedited', 'expedited is not possible for DEEP_ARCHIVE. Expected standard or bulk'],
    // A class of another store: it knows what it can do.
    ['constructor', 'expedited', undefined],
  ] as const)('judges %s with %s', (storageClass, tier, problem) => {
    expect(thawProblem(storageClass, tier)).toBe(problem)
  })

  test.each([
    ['GLACIER', 'standard', '05:00'],
    ['GLACIER', 'bulk', '12:00'],
    ['GLACIER', 'expedited', '00:05'],
    ['DEEP_ARCHIVE', 'standard', '12:00'],
  ] as const)('says when an archive in %s by %s is there at the latest', (storageClass, tier, time) => {
    const readyBy = thawReadyBy(storageClass, tier, new Date('2026-12-01T00:00:00Z'))
    expect(readyBy?.toISOString()).toBe(`2026-12-01T${time}:00.000Z`)
  })

  it('promises nothing for a class of another store', () => {
    expect(thawReadyBy('TAPE', 'bulk', new Date('2026-12-01T00:00:00Z'))).toBeUndefined()
    expect(renderThaw('TAPE', 'bulk')).toBe('as long as the store needs')
  })

  it('lists what a class offers', () => {
    expect(renderThawTiers('GLACIER')).toBe(
      'standard (3 to 5 hours, medium price), bulk (5 to 12 hours, no retrieval fee), expedited (1 to 5 minutes, highest price)',
    )
    expect(renderThawTiers('DEEP_ARCHIVE')).not.toContain('expedited')
  })
})
