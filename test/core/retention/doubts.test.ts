import { describe, expect, it } from 'vitest'
import type { Catalogue, CatalogueBackup } from '../../../src/core/retention/catalogue.ts'
import { catalogueProblems, doubtOf, isEvidence } from '../../../src/core/retention/doubts.ts'
import { DAY_MS, drillOf, NOW, sampleBackup, sampleCatalogue } from '../../support/samples/catalogue.ts'

const AT = new Date('2026-11-28T03:15:00Z')
const later = (from: Date, ms: number) => new Date(from.getTime() + ms)
const backupWith = (more: Partial<CatalogueBackup> = {}) => sampleBackup(AT, more)
const { id } = backupWith()

describe('reasons to delete nothing', () => {
  const problems = (more: Partial<CatalogueBackup>, catalogue: Partial<Catalogue> = {}, now = NOW) =>
    catalogueProblems(sampleCatalogue([backupWith(more)], catalogue), now)

  it('are none while clocks agree within their tolerance', () => {
    expect(problems({})).toEqual([])
    expect(problems({}, { storeTime: later(NOW, -600_000) })).toEqual([])
    expect(problems({ namedAt: later(AT, 60_000) })).toEqual([])
    expect(problems({ storedAt: later(AT, -600_000) })).toEqual([])
  })

  it('name what could not be read', () => {
    expect(problems({}, { unreadable: ['The manifest x cannot be read.'] })).toEqual([
      'The manifest x cannot be read.',
    ])
  })

  it.each([-600_001, 600_001])('name clocks that differ by %d ms', ms => {
    expect(problems({}, { storeTime: later(NOW, ms) })).toEqual([
      'The clocks of this machine and of the store differ by 10 min 00 s.',
    ])
  })

  it.each<[Partial<CatalogueBackup>, string]>([
    [
      { namedAt: later(AT, 60_001) },
      `The manifest of ${id} says that its snapshot is of 2026-11-28T03:15:00.000Z.`,
    ],
    [
      { namedAt: later(NOW, 3_600_000), snapshotAt: later(NOW, 3_600_000) },
      `The backup ${id} claims to be from 1 h 00 min in the future.`,
    ],
    [{ storedAt: later(AT, -3_600_000) }, `The store wrote ${id} 1 h 00 min before its snapshot.`],
  ])('name a backup whose times cannot be: %#', (more, sentence) => {
    expect(problems(more)).toEqual([sentence])
  })
})

describe('a doubt about a backup', () => {
  const copied = { storedAt: later(AT, 2 * DAY_MS + 1) }

  it.each<[Partial<CatalogueBackup>, string | undefined, boolean]>([
    [{}, undefined, false],
    [{ isOverwritten: true }, 'the store has versions of it that differ', true],
    [{ storedBytes: undefined }, 'its archive is gone', true],
    [{ storedBytes: 0 }, 'its archive has 0 bytes, its manifest says 1000', true],
    [{ storedAt: later(AT, 2 * DAY_MS) }, undefined, false],
    [copied, 'its manifest came 2.0 days after its snapshot, as a copy does', false],
  ])('%j: %s, evidence %s', (more, doubt, evidence) => {
    const backup = backupWith(more)
    expect(doubtOf(backup, sampleCatalogue([backup]))).toBe(doubt)
    expect(isEvidence(backup)).toBe(evidence)
  })

  it('is a failed drill, unless a later one passed', () => {
    const backup = backupWith()
    const failed = { ...drillOf(backup, 'fail'), id: 'd' }
    expect(doubtOf(backup, sampleCatalogue([backup], { drills: [failed] }))).toBe('it failed the drill d')
    const drills = [drillOf(backup, 'not-measured'), drillOf(backup, 'pass'), failed]
    expect(doubtOf(backup, sampleCatalogue([backup], { drills }))).toBeUndefined()
  })

  it('is not a failed drill of other bytes under its name', () => {
    const backup = backupWith()
    const drills = [drillOf({ ...backup, sha256: 'f'.repeat(64) }, 'fail')]
    expect(doubtOf(backup, sampleCatalogue([backup], { drills }))).toBeUndefined()
  })

  it('about a copy ends when it passes a drill, not when one measures nothing', () => {
    const copy = backupWith(copied)
    const doubts = (['pass', 'not-measured'] as const).map(verdict =>
      doubtOf(copy, sampleCatalogue([copy], { drills: [drillOf(copy, verdict)] })),
    )
    expect(doubts).toEqual([undefined, 'its manifest came 2.0 days after its snapshot, as a copy does'])
  })
})
