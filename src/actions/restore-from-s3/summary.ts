import type { Check, CheckVerdict } from '../../core/checks/check.ts'
import type { OperatorError } from '../../core/errors.ts'
import type { TableColumns } from '../../core/restore/copy-back.ts'
import { renderEstimate } from '../../core/restore/estimate.ts'
import type { RestoreMode, RestoreRecord } from '../../core/restore/restore-record.ts'
import { neededBytes } from '../../core/restore/selection.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, codeBlock, factTable, literal, table } from '../../core/text/markdown.ts'
import type { RestorePlan } from '../../steps/restore/plan.ts'
import type { RestoreRequest } from '../../steps/restore/restore.ts'
import { isPart, nextSteps } from './next-steps.ts'

export interface RestoreSummaryContext {
  /** Empty where it could not be written. */
  readonly recordUri: string
  /** Empty where users have what they had. */
  readonly notice: string
  /** The tables to copy rows back from, where not everything was restored. */
  readonly copyBack: readonly TableColumns[]
  readonly failure: OperatorError | undefined
}

/** Rows of each table of checks; the record has them all. */
const ROWS_SHOWN = 40

const MODES: Readonly<Record<RestoreMode, string>> = {
  'new-database': 'into a database of its own',
  swap: 'in place of the old database, which is kept',
  overwrite: 'over the old data',
}

/** The job summary of a restore: where the data is, what to do next, facts, checks, notice to users. */
export function renderRestoreSummary(
  record: RestoreRecord,
  { recordUri, notice, copyBack, failure }: RestoreSummaryContext,
): string {
  return [
    `## ${heading(record)}: ${literal(record.restore.database)}`,
    '',
    ...failureLines(failure),
    ...checkLines(record.checks, 'fail', '### What differs'),
    ...(record.notes ?? []).flatMap(text => [`> ⚠️ ${literal(text)}`, '']),
    ...nextSteps(record, copyBack),
    factTable(facts(record, recordUri)),
    '',
    ...checkLines(record.checks, 'not-measured', '### Not measured'),
    ...folded(record.checks),
    ...noticeLines(notice),
  ].join('\n')
}

/** The job summary of a dry run: what would happen, and that nothing did. */
export function renderPlanSummary(request: RestoreRequest, plan: RestorePlan, notice: string): string {
  const { manifest, mode, target, restoredName, previousName } = request
  const { facts: found, entries, estimate, warnings, downloadMs } = plan
  const steps: Readonly<Record<RestoreMode, readonly string[]>> = {
    'new-database': [`Create the database ${code(restoredName)} and restore into it.`],
    swap: [
      `Create the database ${code(restoredName)} and restore into it.`,
      `When it is exactly what the manifest says: cut ${renderAmount(found.sessions.length, 'session')}, rename ${code(target.database)} to ${code(previousName)} and ${code(restoredName)} to ${code(target.database)}.`,
    ],
    overwrite: [
      `Take and verify a safety backup of ${code(target.database)}.`,
      `Replace the contents of ${code(target.database)}.`,
    ],
  }
  const all = [...steps[mode], 'Compare every table with the manifest, and write a record.']
  return [
    `## 📋 Plan, nothing was changed: ${literal(manifest.backup.database)} ${MODES[mode]}`,
    '',
    ...all.map((text, i) => `${i + 1}. ${text}`),
    '',
    ...warnings.flatMap(text => [`> ⚠️ ${literal(text)}`, '']),
    factTable([
      ['Backup', code(manifest.backup.id)],
      ['Shows the database at', code(manifest.backup.snapshotAt)],
      [
        'Archive',
        `${renderBytes(manifest.object.bytes)}, downloaded and verified in ${renderDuration(downloadMs)}, ${entries.kept.length} entries`,
      ],
      ['Target', `${code(address(target))}, PostgreSQL ${literal(found.version)}`],
      ['Old data', `${renderBytes(found.databaseBytes)}, owned by ${code(found.owner)}`],
      ['Space needed beside it', `at most about ${renderBytes(neededBytes(manifest, request.selection))}`],
      [
        'Estimated duration',
        literal(renderEstimate(estimate, mode === 'overwrite' && request.skipSafetyBackup === undefined)),
      ],
    ]),
    '',
    ...noticeLines(notice),
  ].join('\n')
}

function heading(record: RestoreRecord): string {
  const { restore, target, durations, checks } = record
  const { outcome, mode } = restore
  if (outcome === 'restored') return `✅ Restored ${isPart(record) ? 'in part ' : ''}${MODES[mode]}`
  if (outcome === 'failed')
    return target.restoredTo === null
      ? '❌ Not restored'
      : '❌ Restored beside the old database, not swapped in'
  if (durations.restoreMs === null) return '❌ Emptied, and incomplete'
  return checks.some(({ verdict }) => verdict === 'fail')
    ? '⚠️ Restored, but not exactly'
    : '⚠️ Restored, but not checked to the end'
}

function failureLines(failure: OperatorError | undefined): readonly string[] {
  if (failure === undefined) return []
  const hint = failure.hint === undefined ? [] : ['', `**What to do next:** ${literal(failure.hint)}`]
  return [`**${code(failure.code)}** ${literal(failure.message)}`, ...hint, '']
}

function facts(record: RestoreRecord, recordUri: string): ReadonlyArray<readonly [string, string]> {
  const { restore, backup, target, durations, tools, options } = record
  const optional: ReadonlyArray<readonly [string, string | null]> = [
    [
      'Restored to',
      target.restoredTo === null ? null : code(address({ ...target, database: target.restoredTo })),
    ],
    ['Old database', target.previous === null ? null : code(target.previous)],
    ['Safety backup', target.safetyBackup === null ? null : code(target.safetyBackup)],
    ['No safety backup', target.safetyBackupSkipped === null ? null : literal(target.safetyBackupSkipped)],
    [
      restore.mode === 'overwrite' ? 'Locked for' : 'Unreachable for',
      durations.windowMs === null ? null : `${durations.windowMs} ms`,
    ],
    ['Tables', options.tables.length === 0 ? null : options.tables.map(code).join(', ')],
    ['Left out', options.leftOut.length === 0 ? null : options.leftOut.map(code).join(', ')],
    [
      'Session settings',
      options.sessionSettings.length === 0 ? null : options.sessionSettings.map(code).join(', '),
    ],
  ]
  return [
    ['Backup', code(backup.id)],
    ['Shows the database at', code(backup.snapshotAt)],
    ['Archive', `${code(`s3://${backup.bucket}/${backup.key}`)}, ${renderBytes(backup.bytes)}`],
    ['Target', code(address(target))],
    ...optional.flatMap(([name, fact]) => (fact === null ? [] : [[name, fact] as const])),
    ['Took', renderDurations(durations)],
    ['Tools', literal(`pg_restore ${tools.pgRestore} into PostgreSQL ${tools.server}`)],
    ['Record', recordUri === '' ? 'could not be written: see the log' : code(recordUri)],
  ]
}

function address({
  user,
  host,
  port,
  database,
}: Pick<RestoreRecord['target'], 'user' | 'host' | 'port' | 'database'>): string {
  return `${user}@${host}:${port}/${database}`
}

function renderDurations(durations: RestoreRecord['durations']): string {
  const { safetyBackupMs, downloadMs, restoreMs, checksMs, totalMs } = durations
  const parts = (
    [
      ['safety backup', safetyBackupMs],
      ['download', downloadMs],
      ['restore', restoreMs],
      ['checks', checksMs],
    ] as const
  ).flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${renderDuration(ms)}`]))
  return `**${renderDuration(totalMs)}** (${parts.join(', ')})`
}

function checkLines(checks: readonly Check[], verdict: CheckVerdict, title: string): readonly string[] {
  const rows = checks.filter(check => check.verdict === verdict)
  return rows.length === 0 ? [] : [title, '', checkTable(rows), '']
}

function folded(checks: readonly Check[]): readonly string[] {
  const rows = checks.filter(({ verdict }) => verdict === 'pass')
  if (rows.length === 0) return []
  return [
    `<details><summary>✅ ${renderAmount(rows.length, 'check')} passed</summary>`,
    '',
    checkTable(rows),
    '',
    '</details>',
    '',
  ]
}

function checkTable(rows: readonly Check[]): string {
  const shown = table(
    ['Check', 'Expected', 'Found'],
    rows.slice(0, ROWS_SHOWN).map(({ name, expected, found }) => [name, expected, found].map(literal)),
  )
  const hidden = rows.length - ROWS_SHOWN
  return hidden > 0 ? `${shown}\n\n_and ${hidden} more, all in the record_` : shown
}

function noticeLines(notice: string): readonly string[] {
  return notice === '' ? [] : ['### Notice to users', '', codeBlock(notice, 'markdown')]
}
