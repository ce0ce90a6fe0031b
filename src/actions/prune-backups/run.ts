import type { ActionResult } from '../../core/action-result.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import type { RetentionDeps } from '../../steps/retention/deps.ts'
import { type PruneResult, prune } from '../../steps/retention/prune.ts'
import { deleteVersion, lockReader } from '../../storage/bucket/locks.ts'
import { listVersions } from '../../storage/bucket/versions.ts'
import { Store } from '../../storage/store.ts'
import { describeRun } from '../../wiring/dump-deps.ts'
import { type PruneInputs, readPruneInputs } from './inputs.ts'
import { renderPruneSummary } from './summary.ts'

export const pruneBackups: Action = {
  async main(context) {
    const inputs = readPruneInputs(context.inputs, context.environment)
    using store = new Store(inputs.store, context.log, context.signal)
    const result = await prune(inputs.request, createDeps(context, inputs, store))
    return toResult(result, inputs)
  },
}

function createDeps({ environment }: ActionContext, { location }: PruneInputs, store: Store): RetentionDeps {
  return {
    store,
    location,
    listVersions: prefix => listVersions(store, prefix),
    readLock: lockReader(store),
    deleteVersion: (key, versionId) => deleteVersion(store, key, versionId),
    now: () => new Date(),
    run: describeRun(environment),
    actor: environment.variables.GITHUB_ACTOR || 'unknown',
  }
}

function toResult(result: PruneResult, inputs: PruneInputs): ActionResult {
  const { plan, deleted, failure } = result
  const { now, waiting, later } = plan.deletions
  return {
    outputs: {
      'plan-digest': plan.digest,
      kept: plan.retention.kept.length,
      due: now.length + later.length - deleted.length,
      waiting: waiting.length,
      deleted: deleted.length,
      'deleted-bytes': deleted.reduce((sum, { archive }) => sum + archive.bytes, 0),
    },
    summary: renderPruneSummary(result, inputs.request, inputs.location.database),
    ...(failure && { failure }),
  }
}
