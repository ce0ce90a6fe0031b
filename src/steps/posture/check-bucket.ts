import { bucketFindings } from '../../core/posture/bucket-findings.ts'
import type { PostureFinding } from '../../core/posture/finding.ts'
import { lifecycleDifference, lifecycleFindings } from '../../core/posture/lifecycle-findings.ts'
import { archivesPrefix, type LifecycleGoal } from '../../core/posture/own-rules.ts'
import { proofFindings } from '../../core/posture/proof-findings.ts'
import { applyLifecycle } from './apply-lifecycle.ts'
import type { PostureDeps } from './deps.ts'

export interface PostureReport {
  readonly findings: readonly PostureFinding[]
  /** What apply would change of the lifecycle, or did change. */
  readonly difference: readonly string[]
}

/** Reads every setting and tries what must not work. With `apply` the lifecycle is repaired first. */
export async function checkBucket(
  mode: 'report' | 'apply',
  goal: LifecycleGoal,
  deps: PostureDeps,
): Promise<PostureReport> {
  const { store } = deps
  const address = { bucket: store.bucket, endpoint: store.config.endpoint, prefix: goal.prefix }
  const applied = mode === 'apply' ? await applyLifecycle(goal, deps) : undefined
  const settings = await deps.readSettings()
  // The role that may change the lifecycle is not the one that a backup has: whether it may delete proves
  // nothing.
  const proofs = await deps.probe(archivesPrefix(goal), mode === 'report')
  const { lifecycle } = settings
  const rules = lifecycle.state === 'set' ? lifecycle.value : []
  const isKnown = lifecycle.state === 'set' || lifecycle.state === 'unset'
  return {
    findings: [
      ...lifecycleFindings(lifecycle, goal, address),
      ...bucketFindings(settings, address),
      ...proofFindings(proofs),
    ],
    difference: applied ?? (isKnown ? lifecycleDifference(rules, goal) : []),
  }
}
