import type { ActionResult } from '../../core/action-result.ts'
import { OperatorError } from '../../core/errors.ts'
import type { PostureFinding, PostureVerdict } from '../../core/posture/finding.ts'
import { renderSome } from '../../core/text/counts.ts'
import type { Action } from '../../runner/action.ts'
import { checkBucket, type PostureReport } from '../../steps/posture/check-bucket.ts'
import type { PostureDeps } from '../../steps/posture/deps.ts'
import { putLifecycle } from '../../storage/bucket/lifecycle.ts'
import { probeBucket } from '../../storage/bucket/probe.ts'
import { readBucketSettings, readLifecycle } from '../../storage/bucket/settings.ts'
import { Store } from '../../storage/store.ts'
import { type CheckBucketInputs, readCheckBucketInputs } from './inputs.ts'
import { FIX_HINT, renderBucketSummary } from './summary.ts'

export const checkBucketAction: Action = {
  async main(context) {
    const inputs = readCheckBucketInputs(context.inputs, context.environment)
    using store = new Store(inputs.store, context.log, context.signal)
    const report = await checkBucket(inputs.mode, inputs.goal, createDeps(store))
    for (const { verdict, check, evidence } of report.findings)
      context.log.info(`${verdict.padEnd(14)} ${check}: ${evidence}`)
    return toResult(report, inputs)
  },
}

function createDeps(store: Store): PostureDeps {
  return {
    store,
    readSettings: () => readBucketSettings(store),
    readLifecycle: () => readLifecycle(store),
    putLifecycle: lifecycle => putLifecycle(store, lifecycle),
    probe: (archives, mayDelete) => probeBucket(store, archives, mayDelete),
  }
}

function toResult(report: PostureReport, { mode, store }: CheckBucketInputs): ActionResult {
  const of = (verdict: PostureVerdict) => report.findings.filter(finding => finding.verdict === verdict)
  const failed = of('fail')
  return {
    outputs: {
      verdict: failed.length === 0 ? 'pass' : 'fail',
      'failed-checks': failed.map(({ check }) => check).join('\n'),
      'not-measured': of('not-measured').length,
      changed: mode === 'apply' && report.difference.length > 0,
    },
    summary: renderBucketSummary(report, mode, store.bucket),
    ...(failed.length > 0 && { failure: describeFailure(failed, store.bucket) }),
  }
}

function describeFailure(failed: readonly PostureFinding[], bucket: string): OperatorError {
  const lines = failed.map(({ check, evidence }) => `${check}: ${evidence}`)
  const count = `${failed.length} ${failed.length === 1 ? 'check' : 'checks'} failed`
  return new OperatorError('BUCKET_UNFIT', `Bucket ${bucket}: ${count}. ${renderSome(lines, 5)}`, {
    hint: FIX_HINT,
  })
}
