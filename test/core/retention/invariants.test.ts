import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NEVER_LATEST } from '../../../src/core/backup/backup-id.ts'
import {
  type Catalogue,
  type CatalogueBackup,
  isProofOf,
  newestFirst,
} from '../../../src/core/retention/catalogue.ts'
import { doubtOf } from '../../../src/core/retention/doubts.ts'
import { planRetention } from '../../../src/core/retention/plan.ts'
import type { RetentionPolicy } from '../../../src/core/retention/policy.ts'
import { selectDeletions } from '../../../src/core/retention/select-deletions.ts'
import { anyCatalogue, anyLooserPolicy, anyPolicy, NOW } from '../../support/samples/catalogue.ts'

const RUNS = { numRuns: 1000 }

/** Holds for every catalogue and policy: `holds` looks at what would be deleted. */
function always(
  holds: (due: readonly CatalogueBackup[], catalogue: Catalogue, policy: RetentionPolicy) => void,
): void {
  fc.assert(
    fc.property(anyCatalogue, anyPolicy, (catalogue, policy) => {
      holds(planRetention(catalogue, policy, NOW).due, catalogue, policy)
    }),
    RUNS,
  )
}

const without = (catalogue: Catalogue, deleted: readonly CatalogueBackup[]): Catalogue => ({
  ...catalogue,
  backups: catalogue.backups.filter(backup => !deleted.includes(backup)),
})

const isFull = ({ kind }: CatalogueBackup) => !NEVER_LATEST.includes(kind)

const passed = (backup: CatalogueBackup, { drills }: Catalogue) =>
  drills.some(drill => drill.verdict === 'pass' && isProofOf(drill, backup))

const ids = (backups: readonly CatalogueBackup[]) => backups.map(({ id }) => id)

describe('a retention plan', () => {
  it('deletes something in many of these catalogues', () => {
    const plans = fc
      .sample(fc.tuple(anyCatalogue, anyPolicy), { numRuns: 1000, seed: 1 })
      .map(([catalogue, policy]) => planRetention(catalogue, policy, NOW))
    expect(plans.filter(({ due }) => due.length > 0).length).toBeGreaterThan(300)
  })

  it('never deletes the newest full backup, nor the newest in good order', () => {
    always((due, catalogue) => {
      const full = newestFirst(catalogue.backups).filter(isFull)
      const trusted = full.filter(backup => doubtOf(backup, catalogue) === undefined)
      expect(due.filter(backup => backup === full[0] || backup === trusted[0])).toEqual([])
    })
  })

  it('never deletes the newest that passed a drill, nor anything newer', () => {
    always((due, catalogue) => {
      const proven = newestFirst(catalogue.backups).find(backup => passed(backup, catalogue))
      if (proven === undefined) return
      expect(due.filter(({ snapshotAt }) => snapshotAt >= proven.snapshotAt)).toEqual([])
    })
  })

  it('deletes nothing where drills ran and none of what is left passed', () => {
    always((due, catalogue) => {
      const isProven = catalogue.backups.some(backup => passed(backup, catalogue))
      if (catalogue.hasDrills && !isProven) expect(due).toEqual([])
    })
  })

  it('never deletes what is pinned', () => {
    always((due, { pinned }) => expect(due.filter(({ id }) => pinned.has(id))).toEqual([]))
  })

  it('never deletes what a recent gate, restore or cutover names', () => {
    always((due, { referenced }) => expect(due.filter(({ id }) => referenced.has(id))).toEqual([]))
  })

  it('keeps partial and safety backups by their age alone', () => {
    always((due, _, { partialMs = Number.POSITIVE_INFINITY, safetyMs = Number.POSITIVE_INFINITY }) => {
      const isYoung = ({ kind, snapshotAt }: CatalogueBackup) => {
        const ageMs = NOW.getTime() - snapshotAt.getTime()
        return (kind === 'partial' && ageMs <= partialMs) || (kind === 'safety' && ageMs <= safetyMs)
      }
      expect(due.filter(isYoung)).toEqual([])
    })
  })

  it('decides about full backups as if there were no partial or safety ones', () => {
    always((due, catalogue, policy) => {
      const isProven = catalogue.backups.some(backup => passed(backup, catalogue))
      if (catalogue.hasDrills || isProven) return
      const alone = { ...catalogue, backups: catalogue.backups.filter(isFull) }
      expect(ids(planRetention(alone, policy, NOW).due)).toEqual(ids(due.filter(isFull)))
    })
  })

  it('keeps as many backups in good order as if doubtful ones did not exist', () => {
    always((due, catalogue, policy) => {
      const good = (backup: CatalogueBackup) => doubtOf(backup, catalogue) === undefined
      const alone = { ...catalogue, backups: catalogue.backups.filter(good) }
      const dueAlone = planRetention(alone, policy, NOW).due
      expect(due.filter(backup => good(backup) && !dueAlone.includes(backup))).toEqual([])
    })
  })

  it('deletes nothing while a clock disagrees', () => {
    const shifts = fc.integer({ min: 11 * 60_000, max: 400 * 86_400_000 })
    fc.assert(
      fc.property(
        anyCatalogue,
        anyPolicy,
        shifts,
        fc.nat(),
        fc.nat(2),
        (catalogue, policy, shiftMs, pick, clock) => {
          const shifted = withWrongClock(catalogue, shiftMs, pick % catalogue.backups.length, clock)
          const plan = planRetention(shifted, policy, NOW)
          expect(plan.problems).not.toEqual([])
          expect(plan.due).toEqual([])
        },
      ),
      RUNS,
    )
  })

  it('deletes nothing while something could not be read', () => {
    fc.assert(
      fc.property(anyCatalogue, anyPolicy, fc.string(), (catalogue, policy, problem) => {
        const plan = planRetention({ ...catalogue, unreadable: [problem] }, policy, NOW)
        expect(plan).toMatchObject({ due: [], problems: [problem] })
      }),
      RUNS,
    )
  })

  it('deletes nothing more when it is applied again', () => {
    always((due, catalogue, policy) => {
      expect(planRetention(without(catalogue, due), policy, NOW).due).toEqual([])
    })
  })

  it('deletes the same in small steps as at once', () => {
    fc.assert(
      fc.property(anyCatalogue, anyPolicy, fc.integer({ min: 1, max: 5 }), (catalogue, policy, maxDelete) => {
        const atOnce = planRetention(catalogue, policy, NOW).due
        const inSteps: CatalogueBackup[] = []
        for (;;) {
          const { due } = planRetention(without(catalogue, inSteps), policy, NOW)
          const step = selectDeletions(due, () => false, maxDelete).now
          expect(step.length).toBeLessThanOrEqual(maxDelete)
          if (step.length === 0) break
          inSteps.push(...step)
        }
        expect(ids(inSteps)).toEqual(ids(atOnce))
      }),
      RUNS,
    )
  })

  it('never deletes more under a looser policy', () => {
    fc.assert(
      fc.property(anyCatalogue, anyLooserPolicy, (catalogue, { strict, loose }) => {
        const strictly = new Set(ids(planRetention(catalogue, strict, NOW).due))
        const more = ids(planRetention(catalogue, loose, NOW).due).filter(id => !strictly.has(id))
        expect(more).toEqual([])
      }),
      RUNS,
    )
  })

  it('does not depend on the order of the listing, and decides about every backup once', () => {
    fc.assert(
      fc.property(anyCatalogue, anyPolicy, (catalogue, policy) => {
        const plan = planRetention(catalogue, policy, NOW)
        const reversed = { ...catalogue, backups: catalogue.backups.toReversed() }
        expect(planRetention(reversed, policy, NOW)).toEqual(plan)
        const decided = [...ids(plan.due), ...plan.kept.map(({ backup }) => backup.id)]
        expect(decided.toSorted()).toEqual(ids(catalogue.backups).toSorted())
        expect(plan.kept.every(({ reasons }) => reasons.length > 0)).toBe(true)
      }),
      RUNS,
    )
  })
})

/**
 * One of the clocks is wrong: the runner's, that of a snapshot in the future, or of one after its own upload.
 */
function withWrongClock(catalogue: Catalogue, shiftMs: number, pick: number, clock: number): Catalogue {
  if (clock === 0) return { ...catalogue, storeTime: new Date(NOW.getTime() - shiftMs) }
  const backups = catalogue.backups.map((backup, index) => {
    if (index !== pick) return backup
    const ahead = new Date((clock === 1 ? NOW : backup.storedAt).getTime() + shiftMs)
    return { ...backup, namedAt: ahead, snapshotAt: ahead }
  })
  return { ...catalogue, backups }
}
