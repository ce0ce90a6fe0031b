import { OperatorError } from '../../core/errors.ts'
import type { RetentionPolicy } from '../../core/retention/policy.ts'
import { renderSome } from '../../core/text/counts.ts'
import { type Deleted, deleteBackups, refuseOtherPlan } from './delete-backups.ts'
import type { RetentionDeps } from './deps.ts'
import { type PinRequest, pinBackup, unpinBackup } from './pins.ts'
import { type PrunePlan, planDeletions } from './plan-deletions.ts'

export interface PruneRequest {
  readonly mode: 'plan' | 'apply'
  readonly policy: RetentionPolicy
  /** Backups that one run deletes at most. */
  readonly maxDelete: number
  /** The digest of the plan that was approved. */
  readonly expectPlan: string | undefined
  readonly pin: PinRequest | undefined
  readonly unpin: PinRequest['id'] | undefined
}

export interface PruneResult extends Deleted {
  readonly plan: PrunePlan
}

/** Changes pins first, then plans, then deletes what the plan says. */
export async function prune(request: PruneRequest, deps: RetentionDeps): Promise<PruneResult> {
  const { mode, policy, maxDelete, expectPlan, pin, unpin } = request
  if (pin !== undefined) await pinBackup(pin, deps)
  if (unpin !== undefined) await unpinBackup(unpin, deps)
  const plan = await planDeletions(policy, maxDelete, deps)
  const blocked = blockedBy(plan)
  if (mode === 'plan' || blocked !== undefined) return { plan, deleted: [], failure: blocked }
  refuseOtherPlan(plan, expectPlan)
  return { plan, ...(await deleteBackups(plan, policy, deps)) }
}

function blockedBy({ retention: { problems } }: PrunePlan): OperatorError | undefined {
  if (problems.length === 0) return undefined
  return new OperatorError('RETENTION_BLOCKED', `Nothing was deleted. ${renderSome(problems, 3)}`, {
    hint: 'Repair or remove what the message names, or set the clock right; then run prune-backups again.',
  })
}
