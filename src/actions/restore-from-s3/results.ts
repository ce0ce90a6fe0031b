import type { ActionResult } from '../../core/action-result.ts'
import { holdsPart } from '../../core/restore/restore-scope.ts'
import { renderNotice } from '../../core/restore/user-notice.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
import { verdictOfResult } from '../../steps/restore/record.ts'
import type { RestoreRequest } from '../../steps/restore/request.ts'
import type { RestoreReport } from '../../steps/restore/restore.ts'
import { renderPlanSummary } from './plan-summary.ts'
import { renderRestoreSummary } from './summary.ts'

/** What a dry run cannot know yet is empty. */
export function toPlanResult(request: RestoreRequest, plan: RestorePlan): ActionResult {
  const notice = noticeOf(request, { replacedAt: null, isPlanned: true })
  return {
    outputs: {
      outcome: 'planned',
      verdict: 'not-measured',
      'plan-digest': plan.digest,
      'backup-id': request.manifest.backup.id,
      'restored-to': '',
      'previous-database': '',
      'safety-backup-id': '',
      'window-milliseconds': '',
      'duration-seconds': '',
      'restore-uri': '',
      notice,
    },
    summary: renderPlanSummary(request, plan, notice),
  }
}

/** Outputs for later steps, and the summary for the operator. */
export function toResult(
  request: RestoreRequest,
  plan: RestorePlan,
  { record, result, failure }: RestoreReport,
  recordUri: string,
): ActionResult {
  const { target, durations } = record
  // The operator is going to cut over to a new database.
  const isPlanned = request.mode === 'new-database' && record.restore.outcome === 'restored'
  const notice = noticeOf(request, { replacedAt: result.replacedAt, isPlanned })
  return {
    outputs: {
      outcome: record.restore.outcome,
      verdict: verdictOfResult(result),
      'plan-digest': plan.digest,
      'backup-id': record.backup.id,
      'restored-to': target.restoredTo ?? '',
      'previous-database': target.previous ?? '',
      'safety-backup-id': target.safetyBackup ?? '',
      'window-milliseconds': durations.windowMs ?? '',
      'duration-seconds': Math.round(durations.totalMs / 1000),
      'restore-uri': recordUri,
      notice,
    },
    summary: renderRestoreSummary(record, { recordUri, notice, copyBack: result.copyBack, failure }),
    ...(failure && { failure }),
  }
}

/** Empty when users have what they had, and no cutover is planned. */
function noticeOf(
  { manifest, scope, location }: RestoreRequest,
  { replacedAt, isPlanned }: { readonly replacedAt: Date | null; readonly isPlanned: boolean },
): string {
  if (replacedAt === null && (!isPlanned || holdsPart(manifest, scope))) return ''
  return renderNotice({
    database: location.database,
    isPart: scope.of === 'rows',
    snapshotAt: new Date(manifest.backup.snapshotAt),
    replacedAt,
    now: new Date(),
  })
}
