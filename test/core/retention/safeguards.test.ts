import { describe, expect, it } from 'vitest'
import type { Catalogue, CatalogueBackup } from '../../../src/core/retention/catalogue.ts'
import { safeguardsOf } from '../../../src/core/retention/safeguards.ts'
import { dailyBackups, drillOf, sampleBackup, sampleCatalogue } from '../../support/samples/catalogue.ts'

const [newest, second, third] = dailyBackups(3) as [CatalogueBackup, CatalogueBackup, CatalogueBackup]
const reasons = (backups: readonly CatalogueBackup[], more: Partial<Catalogue> = {}) =>
  backups.map(safeguardsOf(sampleCatalogue(backups, more)))

describe('what stays regardless of the policy', () => {
  it('is the newest full backup', () => {
    expect(reasons([newest, second])).toEqual([['newest full backup'], []])
  })

  it('is also the newest in good order, and evidence of what went wrong', () => {
    expect(reasons([{ ...newest, storedBytes: 999 }, second, third])).toEqual([
      ['newest full backup', 'evidence: its archive has 999 bytes, its manifest says 1000'],
      ['newest full backup'],
      [],
    ])
  })

  it.each(['partial', 'safety'] as const)('is no %s backup, however new', kind => {
    const other = sampleBackup('2026-11-29T09:00:00Z', { kind })
    expect(reasons([other, newest])).toEqual([[], ['newest full backup']])
  })

  it('is the newest that passed a drill, and all that is newer', () => {
    const drills = [drillOf(newest, 'fail'), drillOf(second, 'pass')]
    const all = reasons([newest, second, third], { drills })
    expect(all[0]).toContain(`newer than ${second.id}, the newest that passed a drill`)
    expect(all[1]).toContain('newest that passed a drill')
    expect(all[2]).toEqual([])
  })

  it.each<[string, Partial<Catalogue>]>([
    ['failed', { drills: [drillOf(third, 'fail')] }],
    ['measured nothing', { drills: [drillOf(third, 'not-measured')] }],
    ['failed after a pass', { drills: [drillOf(third, 'fail'), drillOf(third, 'pass')] }],
    ['are of backups that are gone', { drills: [drillOf(sampleBackup('2026-01-01T00:00:00Z'), 'pass')] }],
    ['cannot be read', { hasDrills: true }],
  ])('is everything where drills %s', (_, more) => {
    for (const each of reasons([newest, second, third], more))
      expect(each).toContain('no backup that is left passed a drill')
  })

  it('is what is pinned and what a record names, with the reason', () => {
    const more = {
      pinned: new Map([[second.id, 'pinned by octocat: audit']]),
      referenced: new Map([[second.id, 'restores/logi/x.json']]),
    }
    expect(reasons([newest, second], more)[1]).toEqual([
      'pinned by octocat: audit',
      'named by restores/logi/x.json',
    ])
  })

  it('is nothing of an empty bucket', () => {
    expect(reasons([])).toEqual([])
  })
})
