import type { Check, CheckVerdict, Verdict } from '../../core/checks/check.ts'
import { adviseAfterDrill } from '../../core/drill/drill-advice.ts'
import { type DrillRecord, recoveryTimeMs } from '../../core/drill/drill-record.ts'
import { renderInformation, renderOpenChecks, renderPassedChecks } from '../../core/summary/check-table.ts'
import { type PastDrill, renderDrillTrend } from '../../core/summary/drill-trend.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, literal } from '../../core/text/markdown.ts'

interface DrillSummaryContext {
  /** Where the record lies; undefined when it could not be written. */
  readonly recordUri: string | undefined
  /** Earlier drills of this database in any order; undefined where they could not be listed. */
  readonly previous: readonly PastDrill[] | undefined
}

const HEADINGS: Readonly<Record<Verdict, string>> = {
  pass: '✅ Drill passed',
  fail: '❌ Drill failed',
  'not-measured': '⚠️ Nothing was measured',
}

/**
 * The job summary of a drill: verdict and what failed, facts, what to do next, recovery times, and the
 * other checks.
 */
export function renderDrillSummary(
  record: DrillRecord,
  { recordUri, previous }: DrillSummaryContext,
): string {
  const { drill, checks } = record
  return renderSummaryPage({
    verdict: `${heading(record)}: ${literal(drill.database)}`,
    problems: renderOpenChecks(checks),
    facts: facts(record, recordUri),
    next: advice(record),
    trend: previous && { title: 'Last drills', trend: renderDrillTrend(record, previous) },
    details: [...renderPassedChecks(checks), ...renderInformation(checks)],
  })
}

/** When data was compared and only a part could not be measured, it must not say that nothing was. */
function heading({ drill: { verdict }, checks }: DrillRecord): string {
  const hasMeasured = checks.some(
    check => check.verdict === 'pass' && (check.group === 'exact' || check.group === 'criteria'),
  )
  return verdict === 'not-measured' && hasMeasured ? '⚠️ Not everything was measured' : HEADINGS[verdict]
}

function advice(record: DrillRecord): readonly string[] {
  const sentences = adviseAfterDrill(record)
  if (record.restored !== null && record.drill.verdict === 'pass')
    return [`Cut over with ${code('render-cutover')}, or delete the database if this was a drill.`]
  if (sentences.length > 0) return [sentences.map((text, i) => `${i + 1}. ${literal(text)}`).join('\n')]
  return [
    `Nothing now. This backup can be relied on: ${code('restore-from-s3')} with ${code(`backup: ${record.backup.id}`)} brings it back.`,
  ]
}

function facts(record: DrillRecord, recordUri: string | undefined): ReadonlyArray<readonly [string, string]> {
  const { backup, durations, tools, checks } = record
  const version = backup.versionId === null ? '' : ` version ${code(backup.versionId)}`
  return [
    ...(record.restored === null
      ? []
      : [['Judged', `${code(record.restored.database)} on ${code(record.restored.host)}`] as const]),
    [record.restored === null ? 'Backup' : 'Compared with', code(backup.id)],
    ['Shows the database at', code(backup.snapshotAt)],
    ['Archive', `${code(`s3://${backup.bucket}/${backup.key}`)}${version}`],
    ['SHA-256', `${code(backup.sha256)}, ${renderBytes(backup.bytes)}`],
    ['Recovery time (RTO)', record.restored === null ? recoveryTime(durations) : 'see render-recover'],
    ['Checks', tally(checks)],
    ['Whole drill', renderDuration(durations.totalMs)],
    ['Tools', renderTools(tools)],
    ['Record', recordUri === undefined ? 'could not be written' : code(recordUri)],
  ]
}

function recoveryTime(durations: DrillRecord['durations']): string {
  const { downloadMs, restoreMs } = durations
  const recoveryMs = recoveryTimeMs(durations)
  if (recoveryMs === null || downloadMs === null || restoreMs === null)
    return 'not measured: the restore did not finish'
  return `**${renderDuration(recoveryMs)}** (download ${renderDuration(downloadMs)}, restore ${renderDuration(restoreMs)})`
}

function tally(checks: readonly Check[]): string {
  const count = (verdict: CheckVerdict) => checks.filter(check => check.verdict === verdict).length
  const parts = [
    [count('fail'), 'failed'],
    [count('not-measured'), 'not measured'],
    [count('pass'), 'passed'],
  ] as const
  const shown = parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`)
  return shown.length === 0 ? 'none' : shown.join(', ')
}

function renderTools({ pgRestore, server }: DrillRecord['tools']): string {
  const shown = [
    ...(pgRestore === '' ? [] : [`pg_restore ${pgRestore}`]),
    ...(server === '' ? [] : [`PostgreSQL ${server}`]),
  ]
  return literal(shown.join(' into ')) || 'none was needed'
}
