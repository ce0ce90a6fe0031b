import type { OperatorError } from '../../core/errors.ts'
import type { TableColumns } from '../../core/restore/copy-back.ts'
import type { RestoreMode, RestoreRecord } from '../../core/restore/restore-record.ts'
import { renderOpenChecks, renderPassedChecks } from '../../core/summary/check-table.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderBytes, renderCount } from '../../core/text/bytes.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, codeBlock, literal } from '../../core/text/markdown.ts'
import { isPart, nextSteps } from './next-steps.ts'

interface RestoreSummaryContext {
  /** Empty when it could not be written. */
  readonly recordUri: string
  /** Empty when users have what they had. */
  readonly notice: string
  /** The tables to copy rows back from, after a partial restore. */
  readonly copyBack: readonly TableColumns[]
  readonly failure: OperatorError | undefined
}

export const MODES: Readonly<Record<RestoreMode, string>> = {
  'new-database': 'into a new database',
  swap: 'in place of the old database, which is kept',
  overwrite: 'over the old data',
}

/**
 * The job summary of a restore: outcome, what went wrong, facts, what to do next, the checks, a notice to
 * users.
 */
export function renderRestoreSummary(
  record: RestoreRecord,
  { recordUri, notice, copyBack, failure }: RestoreSummaryContext,
): string {
  return renderSummaryPage({
    verdict: `${heading(record)}: ${literal(record.restore.database)}`,
    problems: [
      ...renderFailure(failure),
      ...renderOpenChecks(record.checks),
      ...(record.notes ?? []).map(renderWarning),
    ],
    facts: facts(record, recordUri),
    next: nextSteps(record, copyBack),
    details: [...renderPassedChecks(record.checks), ...renderNoticeBlock(notice)],
  })
}

function heading(record: RestoreRecord): string {
  const { restore, target, durations, checks } = record
  const { outcome, mode } = restore
  if (outcome === 'restored') return `✅ Restored ${isPart(record) ? 'in part ' : ''}${MODES[mode]}`
  if (outcome === 'failed')
    return target.restoredTo === null ? '❌ Not restored' : '❌ Restored into a new database, not swapped in'
  if (durations.restoreMs === null) return '❌ Emptied, and incomplete'
  return checks.some(({ verdict }) => verdict === 'fail')
    ? '⚠️ Restored, with differences'
    : '⚠️ Restored, but verification did not finish'
}

function renderFailure(failure: OperatorError | undefined): readonly string[] {
  if (failure === undefined) return []
  const hint = failure.hint === undefined ? [] : [`**What to do next:** ${literal(failure.hint)}`]
  return [`**${code(failure.code)}** ${literal(failure.message)}`, ...hint]
}

export function renderWarning(text: string): string {
  return `> ⚠️ ${literal(text)}`
}

function facts(record: RestoreRecord, recordUri: string): ReadonlyArray<readonly [string, string]> {
  const { backup, target, durations, tools } = record
  return [
    ['Backup', code(backup.id)],
    ['Shows the database at', code(backup.snapshotAt)],
    ['Archive', `${code(`s3://${backup.bucket}/${backup.key}`)}, ${renderBytes(backup.bytes)}`],
    ['Target', code(renderAddress(target))],
    ...optionalFacts(record).flatMap(([name, fact]) => (fact === null ? [] : [[name, fact] as const])),
    ['Took', renderDurations(durations)],
    ['Tools', literal(`pg_restore ${tools.pgRestore} into PostgreSQL ${tools.server}`)],
    ['Record', recordUri === '' ? 'could not be written: see the log' : code(recordUri)],
  ]
}

function optionalFacts({
  restore,
  target,
  durations,
  options,
}: RestoreRecord): ReadonlyArray<readonly [string, string | null]> {
  const codes = (texts: readonly string[]) => (texts.length === 0 ? null : renderCodes(texts))
  const given = (text: string | null, render = code) => (text === null ? null : render(text))
  return [
    ['Restored to', given(target.restoredTo, name => code(renderAddress({ ...target, database: name })))],
    ['Old database', given(target.previous)],
    ['Safety backup', given(target.safetyBackup)],
    ['No safety backup', given(target.safetyBackupSkipped, literal)],
    [
      restore.mode === 'overwrite' ? 'Locked for' : 'Unreachable for',
      durations.windowMs === null ? null : `${durations.windowMs} ms`,
    ],
    ['Tables', codes(options.tables)],
    ['Left out', codes(options.leftOut)],
    ['Session settings', codes(options.sessionSettings)],
  ]
}

/** `logi@db.example:5432/logi` */
export function renderAddress({
  user,
  host,
  port,
  database,
}: Pick<RestoreRecord['target'], 'user' | 'host' | 'port' | 'database'>): string {
  return `${user}@${host}:${port}/${database}`
}

/** Of tables and entries: a summary has room for 1 MiB, and the record has them all. */
const NAMES_SHOWN = 40

function renderCodes(texts: readonly string[]): string {
  const shown = texts.slice(0, NAMES_SHOWN)
  const hidden = texts.length - shown.length
  return [...shown.map(code), ...(hidden === 0 ? [] : [`and ${renderCount(hidden)} more`])].join(', ')
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

export function renderNoticeBlock(notice: string): readonly string[] {
  return notice === '' ? [] : ['### Notice to users', codeBlock(notice, 'markdown')]
}
