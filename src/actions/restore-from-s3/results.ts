import type { ActionResult } from '../../core/action-result.ts'
import { verdictOf } from '../../core/checks/check.ts'
import { holdsPart } from '../../core/restore/selection.ts'
import { renderNotice } from '../../core/restore/user-notice.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
import type { RestoreReport, RestoreRequest } from '../../steps/restore/restore.ts'
import { renderPlanSummary, renderRestoreSummary } from './summary.ts'

/** What a run cannot know yet is empty. */
export function toPlanResult(request: RestoreRequest, plan: RestorePlan): ActionResult {
  const notice = noticeOf(request, { replacedAt: null, isPlanned: true })
  return {
    outputs: {
      outcome: 'planned',
      verdict: 'not-measured',
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

/** What came of it, for the steps after this one and for the operator. */
export function toResult(
  request: RestoreRequest,
  { record, progress, failure }: RestoreReport,
  recordUri: string,
): ActionResult {
  const { target, durations } = record
  // A database beside the old one is going to be cut over to.
  const isPlanned = request.mode === 'new-database' && record.restore.outcome === 'restored'
  const notice = noticeOf(request, { replacedAt: progress.replacedAt, isPlanned })
  return {
    outputs: {
      outcome: record.restore.outcome,
      verdict: progress.checks.length === 0 ? 'not-measured' : verdictOf(progress.checks),
      'backup-id': record.backup.id,
      'restored-to': target.restoredTo ?? '',
      'previous-database': target.previous ?? '',
      'safety-backup-id': target.safetyBackup ?? '',
      'window-milliseconds': durations.windowMs ?? '',
      'duration-seconds': Math.round(durations.totalMs / 1000),
      'restore-uri': recordUri,
      notice,
    },
    summary: renderRestoreSummary(record, { recordUri, notice, copyBack: progress.copyBack, failure }),
    ...(failure && { failure }),
  }
}

/** Empty where users have what they had, and nobody is about to change that. */
function noticeOf(
  { manifest, selection, location }: RestoreRequest,
  { replacedAt, isPlanned }: { readonly replacedAt: Date | null; readonly isPlanned: boolean },
): string {
  if (replacedAt === null && (!isPlanned || holdsPart(manifest, selection))) return ''
  return renderNotice({
    database: location.database,
    isPart: selection.of === 'rows',
    snapshotAt: new Date(manifest.backup.snapshotAt),
    replacedAt,
    now: new Date(),
  })
}
