import { describe, expect, it } from 'vitest'
import { isProofOf, newestFirst } from '../../../src/core/retention/catalogue.ts'
import { dailyBackups, drillOf, sampleBackup } from '../../support/samples/catalogue.ts'

const backup = sampleBackup('2026-11-29T03:15:00Z')

describe('a drill', () => {
  it('is a proof of exactly the object that it restored', () => {
    expect(isProofOf(drillOf(backup, 'pass'), backup)).toBe(true)
  })

  it.each([
    ['other bytes', { sha256: 'f'.repeat(64) }],
    ['another version', { versionId: 'v2' }],
    ['a version in a store without any', { versionId: null }],
    ['another id', { id: 'x' }],
  ])('proves nothing of %s', (_, more) => {
    expect(isProofOf(drillOf(backup, 'pass'), { ...backup, ...more })).toBe(false)
  })
})

describe('backups', () => {
  it('come newest first, and the listing stays as it was', () => {
    const oldestFirst = dailyBackups(3).toReversed()
    const before = [...oldestFirst]
    expect(newestFirst(oldestFirst)).toEqual(dailyBackups(3))
    expect(oldestFirst).toEqual(before)
  })

  it('of one moment are ordered by id, in any listing', () => {
    const [a, b] = ['00000001', '00000002'].map(nonce => sampleBackup(backup.snapshotAt, { nonce }))
    if (a === undefined || b === undefined) throw new Error('two backups are there')
    expect(newestFirst([a, b])).toEqual([b, a])
    expect(newestFirst([b, a])).toEqual([b, a])
    expect(newestFirst([a, a])).toEqual([a, a])
  })

  it('may be none', () => {
    expect(newestFirst([])).toEqual([])
  })
})
