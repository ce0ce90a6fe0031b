import { describe, expect, it, test } from 'vitest'
import type { CatalogueBackup } from '../../../src/core/retention/catalogue.ts'
import { planRetention } from '../../../src/core/retention/plan.ts'
import type { RetentionPolicy } from '../../../src/core/retention/policy.ts'
import {
  DAY_MS,
  dailyBackups,
  drillOf,
  NO_POLICY,
  NOW,
  sampleBackup,
  sampleCatalogue,
} from '../../support/samples/catalogue.ts'

const GFS: RetentionPolicy = { ...NO_POLICY, counts: { daily: 7, weekly: 4, monthly: 12, yearly: 3 } }

function keptDays(backups: readonly CatalogueBackup[], policy = GFS): readonly string[] {
  const { kept } = planRetention(sampleCatalogue(backups), policy, NOW)
  return kept.map(({ backup }) => backup.snapshotAt.toISOString().slice(0, 10))
}

describe('a policy of 7 daily, 4 weekly, 12 monthly, 3 yearly', () => {
  it('keeps what restic forget keeps of two years of daily backups', () => {
    // restic forget --keep-daily 7 --keep-weekly 4 --keep-monthly 12 --keep-yearly 3, by its own walk.
    expect(keptDays(dailyBackups(730))).toEqual([
      '2026-11-29',
      '2026-11-28',
      '2026-11-27',
      '2026-11-26',
      '2026-11-25',
      '2026-11-24',
      '2026-11-23',
      '2026-11-22',
      '2026-11-15',
      '2026-11-08',
      '2026-10-31',
      '2026-09-30',
      '2026-08-31',
      '2026-07-31',
      '2026-06-30',
      '2026-05-31',
      '2026-04-30',
      '2026-03-31',
      '2026-02-28',
      '2026-01-31',
      '2025-12-31',
      '2024-12-31',
    ])
  })

  it('has the same left after each day of two years as after one run at the end', () => {
    let kept: readonly CatalogueBackup[] = []
    for (const backup of dailyBackups(730).toReversed()) {
      const now = new Date(backup.snapshotAt.getTime() + 3_600_000)
      const catalogue = sampleCatalogue([...kept, backup], { storeTime: now })
      kept = planRetention(catalogue, GFS, now).kept.map(({ backup: one }) => one)
    }
    // One more than at once: the oldest of all was kept while yearly counts were left.
    const days = kept.map(({ snapshotAt }) => snapshotAt.toISOString().slice(0, 10))
    for (const day of keptDays(dailyBackups(730))) expect(days).toContain(day)
    expect(days.length - 22).toBeLessThanOrEqual(1)
  })

  it('gives each kept backup every reason', () => {
    const { kept } = planRetention(sampleCatalogue(dailyBackups(730)), GFS, NOW)
    expect(kept[0]?.reasons).toEqual([
      'daily 2026-11-29',
      'weekly 2026-W48',
      'monthly 2026-11',
      'yearly 2026',
      'newest full backup',
    ])
    expect(kept.at(-1)?.reasons).toEqual(['yearly 2024'])
  })

  it('keeps the oldest while counts are left', () => {
    const { kept } = planRetention(sampleCatalogue(dailyBackups(40)), GFS, NOW)
    expect(kept.at(-1)?.reasons).toEqual([
      'oldest, while monthly counts are left',
      'oldest, while yearly counts are left',
    ])
  })
})

describe('a kind', () => {
  it('has tiers of its own', () => {
    const backups = [...dailyBackups(3), ...dailyBackups(3, 'pre-migration')]
    expect(keptDays(backups, { ...NO_POLICY, counts: { last: 1 } })).toEqual(['2026-11-29', '2026-11-29'])
  })

  it.each([
    ['partial', 30],
    ['safety', 90],
  ] as const)('%s stays for %d days', (kind, days) => {
    const at = (age: number) => sampleBackup(new Date(NOW.getTime() - age * DAY_MS), { kind })
    const backups = [...dailyBackups(1), at(days), at(days + 1)]
    const { due } = planRetention(sampleCatalogue(backups), GFS, NOW)
    expect(due).toEqual([backups[2]])
  })
})

describe('a backup in doubt', () => {
  const [today, yesterday] = dailyBackups(2)
  const evening = sampleBackup('2026-11-28T20:00:00Z', { nonce: '00000001' })
  const last2: RetentionPolicy = { ...NO_POLICY, counts: { daily: 2 } }

  test.each([
    ['whose archive is gone', { storedBytes: undefined }],
    ['whose archive has another size', { storedBytes: 7 }],
    ['that was overwritten', { isOverwritten: true }],
    ['that came as a copy', { storedAt: NOW, snapshotAt: evening.snapshotAt }],
  ])('%s displaces no other', (_, wrong) => {
    const old = sampleBackup('2026-11-26T03:15:00Z')
    const doubtful = { ...evening, ...wrong, snapshotAt: new Date('2026-11-26T20:00:00Z') }
    const backups = [today, doubtful, old].filter(backup => backup !== undefined)
    const named = backups.map(backup => ({ ...backup, namedAt: backup.snapshotAt }))
    expect(planRetention(sampleCatalogue(named), last2, NOW).due).toEqual([])
  })

  it('that failed its drill displaces no other', () => {
    const backups = [today, evening, yesterday].filter(backup => backup !== undefined)
    const drills = [drillOf(evening, 'fail'), ...(yesterday ? [drillOf(yesterday, 'pass')] : [])]
    const { kept } = planRetention(sampleCatalogue(backups, { drills }), last2, NOW)
    expect(kept.find(({ backup }) => backup === yesterday)?.reasons).toContain('daily 2026-11-28')
  })

  it('does not stand in for the newest that passed a drill once its archive is gone', () => {
    const [newest, second, third] = dailyBackups(3)
    if (!newest || !second || !third) throw new Error('three backups are there')
    const gone = { ...newest, storedBytes: undefined }
    const catalogue = sampleCatalogue([gone, second, third], { drills: [drillOf(gone, 'pass')] })
    expect(planRetention(catalogue, { ...NO_POLICY, counts: { last: 1 } }, NOW).due).toEqual([])
  })
})
