import { retiredKey } from '../../core/backup/bucket-layout.ts'
import { OperatorError } from '../../core/errors.ts'
import { mapBounded } from '../../core/map-bounded.ts'
import type { DoomedObject } from '../../core/retention/plan-digest.ts'
import { type RetentionPolicy, renderPolicy } from '../../core/retention/policy.ts'
import { createTombstone, type Retirement, renderTombstone } from '../../core/retention/tombstone.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import type { RetentionDeps } from './deps.ts'
import type { DueBackup, PrunePlan } from './plan-deletions.ts'

/** What became of a plan. */
export interface Deleted {
  readonly deleted: readonly DueBackup[]
  /** What ended the run before its plan was done. */
  readonly failure: OperatorError | undefined
}

/** Throws PLAN_CHANGED where the bucket asks for another plan than the one that was approved. */
export function refuseOtherPlan(plan: PrunePlan, approved: string | undefined): void {
  if (approved === undefined || approved === plan.digest) return
  throw new OperatorError(
    'PLAN_CHANGED',
    `The plan is now ${plan.digest}, approved was ${approved}: backups, pins or locks changed since. Nothing was deleted.`,
    { hint: 'Run prune-backups with mode plan, read the new plan, and approve that.' },
  )
}

/**
 * Deletes what the plan says. Of each backup the tombstone is written first, then the manifest goes, then the
 * archive: a run that is interrupted leaves no backup without its archive, and the next one finds what is
 * left.
 */
export async function deleteBackups(
  plan: PrunePlan,
  policy: RetentionPolicy,
  deps: RetentionDeps,
): Promise<Deleted> {
  const deleted: DueBackup[] = []
  const retirement = {
    at: deps.now().toISOString(),
    policy: renderPolicy(policy),
    plan: plan.digest,
    run: deps.run,
  }
  try {
    await mapBounded(plan.deletions.now, PARALLEL_BACKUPS, async due => {
      deps.store.signal.throwIfAborted()
      await deleteBackup(due, retirement, deps)
      deleted.push(due)
    })
    return { deleted, failure: undefined }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return { deleted, failure: error }
  }
}

/** Backups that are deleted side by side; the objects of each go one after the other. */
const PARALLEL_BACKUPS = 8

async function deleteBackup(due: DueBackup, retirement: Retirement, deps: RetentionDeps): Promise<void> {
  const { store, location } = deps
  if (due.tombstone !== null) {
    const tombstone = renderTombstone(createTombstone(due.tombstone, due, retirement))
    await store.putJson(retiredKey(location, due.id), tombstone)
  }
  if (due.manifest !== null) await deleteObject(due.manifest, deps)
  await deleteObject(due.archive, deps)
  store.log.info(`Deleted ${due.id} (${renderBytes(due.archive.bytes)}).`)
}

/** The oldest version first, so that no older one becomes the current one. */
async function deleteObject({ key, versionIds }: DoomedObject, deps: RetentionDeps): Promise<void> {
  for (const versionId of versionIds.toReversed()) await deps.deleteVersion(key, versionId)
}
