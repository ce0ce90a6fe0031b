import { renderIdentity } from '../../core/backup/database-identity.ts'
import { renderEstimate } from '../../core/restore/estimate.ts'
import { neededBytes } from '../../core/restore/restore-scope.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, literal } from '../../core/text/markdown.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
import type { RestoreRequest } from '../../steps/restore/request.ts'
import { MODES, renderAddress, renderNoticeBlock, renderWarning } from './summary.ts'

/** The job summary of a dry run: what a restore would do. */
export function renderPlanSummary(request: RestoreRequest, plan: RestorePlan, notice: string): string {
  const { manifest, mode } = request
  const wake =
    plan.sleep === undefined
      ? []
      : ['Wait until the archive is back from cold storage, and check its contents.']
  const steps = [
    ...wake,
    ...planSteps(request, plan),
    'Compare every table with the manifest, and write a record.',
  ]
  return renderSummaryPage({
    verdict: `📋 Plan, nothing was changed: ${literal(manifest.backup.database)} ${MODES[mode]}`,
    problems: plan.warnings.map(renderWarning),
    facts: planFacts(request, plan),
    details: [
      '### What the restore will do',
      steps.map((text, i) => `${i + 1}. ${text}`).join('\n'),
      '### Owners and rights afterwards',
      plan.rights.map(text => `- ${literal(text)}`).join('\n'),
      ...renderNoticeBlock(notice),
    ],
  })
}

function planSteps(
  { mode, target, restoredName, previousName, skipSafetyBackup }: RestoreRequest,
  { facts: { sessions } }: RestorePlan,
): readonly string[] {
  if (mode === 'overwrite')
    return [
      ...(skipSafetyBackup === undefined
        ? [`Take and verify a safety backup of ${code(target.database)}.`]
        : []),
      `Replace the contents of ${code(target.database)}.`,
    ]
  const create = `Create the database ${code(restoredName)} and restore into it.`
  if (mode === 'new-database') return [create]
  return [
    create,
    `If it matches the manifest: terminate ${renderAmount(sessions.length, 'session')}, rename ${code(target.database)} to ${code(previousName)} and ${code(restoredName)} to ${code(target.database)}.`,
  ]
}

function planFacts(
  request: RestoreRequest,
  { digest, facts, entries, estimate, downloadMs, sleep }: RestorePlan,
): ReadonlyArray<readonly [string, string]> {
  const { manifest, mode, target, scope, skipSafetyBackup } = request
  const takesSafetyBackup = mode === 'overwrite' && skipSafetyBackup === undefined
  return [
    ['Backup', code(manifest.backup.id)],
    ['Backup of', code(renderIdentity(manifest.server))],
    ['Shows the database at', code(manifest.backup.snapshotAt)],
    [
      'Archive',
      sleep === undefined
        ? `${renderBytes(manifest.object.bytes)}, downloaded and verified in ${renderDuration(downloadMs)}, ${entries.kept.length} entries`
        : `${renderBytes(manifest.object.bytes)}, not read: it is in cold storage`,
    ],
    ['Target', `${code(renderAddress(target))}, PostgreSQL ${literal(facts.version)}`],
    ['Identity of the target', code(renderIdentity(facts))],
    ['Old data', `${renderBytes(facts.databaseBytes)}, owned by ${code(facts.owner)}`],
    ['Additional space needed', `at most about ${renderBytes(neededBytes(manifest, scope))}`],
    ['Estimated duration', literal(renderEstimate(estimate, takesSafetyBackup))],
    ['Archive SHA-256', code(manifest.object.sha256)],
    ['Plan digest', code(digest)],
  ]
}
