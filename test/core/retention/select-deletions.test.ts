import { describe, expect, it, test } from 'vitest'
import { holdsNow, selectDeletions } from '../../../src/core/retention/select-deletions.ts'
import { NOW } from '../../support/samples/catalogue.ts'

describe('deletions', () => {
  it('take the oldest first, do not count locked ones, and leave the rest for later', () => {
    const isLocked = (name: string) => name === 'b'
    expect(selectDeletions(['a', 'b', 'c', 'd'], isLocked, 2)).toEqual({
      now: ['a', 'c'],
      waiting: ['b'],
      later: ['d'],
    })
  })

  test.each([
    [{ until: new Date(NOW.getTime() + 1), isLegalHold: false }, true],
    [{ until: NOW, isLegalHold: false }, false],
    [{ until: null, isLegalHold: true }, true],
    [{ until: null, isLegalHold: false }, false],
  ])('are held back by %j: %s', (lock, holds) => {
    expect(holdsNow(lock, NOW)).toBe(holds)
  })

  test.each([
    [0, [], ['a', 'b', 'c']],
    [3, ['a', 'b', 'c'], []],
    [9, ['a', 'b', 'c'], []],
  ])('of at most %d are %j now and %j later', (maxDelete, now, later) => {
    expect(selectDeletions(['a', 'b', 'c'], () => false, maxDelete)).toEqual({ now, waiting: [], later })
  })

  it('are none where everything is locked', () => {
    expect(selectDeletions(['a', 'b'], () => true, 5)).toEqual({ now: [], waiting: ['a', 'b'], later: [] })
  })
})
