import type { Check, CheckVerdict, Verdict } from '../../core/checks/check.ts'
import { adviseAfterDrill } from '../../core/drill/drill-advice.ts'
import { type DrillRecord, recoveryTimeMs } from '../../core/drill/drill-record.ts'
import { type PastDrill, renderDrillTrend } from '../../core/summary/drill-trend.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, literal, table } from '../../core/text/markdown.ts'

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

const ICONS: Readonly<Record<CheckVerdict, string>> = {
  fail: '❌',
  'not-measured': '⚠️',
  pass: '✅',
  information: 'ℹ️',
}

/** Rows of each table of checks; the record has them all. */
const ROWS_SHOWN = 40

/** Characters of one cell: a job summary ends at 1 MiB. */
const CELL_LENGTH = 300

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
    problems: open(checks),
    facts: facts(record, recordUri),
    next: advice(record),
    trend: previous && { title: 'Last drills', trend: renderDrillTrend(record, previous) },
    details: [
      ...folded('pass', checks, count => `${ICONS.pass} ${renderAmount(count, 'check')} passed`),
      ...folded('information', checks, count => `${ICONS.information} ${count} for information`),
    ],
  })
}

/** When data was compared and only a part could not be measured, it must not say that nothing was. */
function heading({ drill: { verdict }, checks }: DrillRecord): string {
  const hasMeasured = checks.some(
    check => check.verdict === 'pass' && (check.group === 'exact' || check.group === 'criteria'),
  )
  return verdict === 'not-measured' && hasMeasured ? '⚠️ Not everything was measured' : HEADINGS[verdict]
}

/** Failures and gaps, above everything else. */
function open(checks: readonly Check[]): readonly string[] {
  const rows = [...withVerdict(checks, 'fail'), ...withVerdict(checks, 'not-measured')]
  return rows.length === 0 ? [] : [checkTable(rows), ...more(rows)]
}

function folded(
  verdict: CheckVerdict,
  checks: readonly Check[],
  title: (count: number) => string,
): readonly string[] {
  const rows = withVerdict(checks, verdict)
  if (rows.length === 0) return []
  return [`<details><summary>${title(rows.length)}</summary>`, checkTable(rows), ...more(rows), '</details>']
}

function withVerdict(checks: readonly Check[], verdict: CheckVerdict): readonly Check[] {
  return checks.filter(check => check.verdict === verdict)
}

function checkTable(checks: readonly Check[]): string {
  return table(
    ['', 'Check', 'Expected', 'Found'],
    checks
      .slice(0, ROWS_SHOWN)
      .map(({ verdict, group, name, expected, found, note }) => [
        ICONS[verdict],
        `${cell(name)} (${group})`,
        cell(expected),
        note === null ? cell(found) : `${cell(found)}<br>${cell(note)}`,
      ]),
  )
}

function more(checks: readonly Check[]): readonly string[] {
  const hidden = checks.length - ROWS_SHOWN
  return hidden > 0 ? [`_and ${hidden} more, all in the record_`] : []
}

function cell(text: string): string {
  return literal(text.length > CELL_LENGTH ? `${text.slice(0, CELL_LENGTH)}…` : text)
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
  const count = (verdict: CheckVerdict) => withVerdict(checks, verdict).length
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
