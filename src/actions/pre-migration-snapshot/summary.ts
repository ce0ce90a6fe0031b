import { copyFacts, copyProblems } from '../../core/backup/copies.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { renderBackupCommands } from '../../core/backup/partial-backup.ts'
import type { StoreAddress } from '../../core/backup/restore-commands.ts'
import type { GateRecord } from '../../core/gate/gate-record.ts'
import type { MigrationReport } from '../../core/migrations/migration-report.ts'
import { type PastGate, renderGateTrend } from '../../core/summary/gate-trend.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, codeBlock, literal } from '../../core/text/markdown.ts'
import type { GateReport } from '../../steps/gate/gate.ts'

type OpenGate = Extract<GateReport, { kind: 'open' }>

/** Migrations shown one by one. */
const PENDING_SHOWN = 30

interface GateSummaryContext {
  readonly store: StoreAddress
  readonly recordUri: string | undefined
  /** Earlier gates in any order; undefined where they could not be listed. */
  readonly previous: readonly PastGate[] | undefined
}

/** What each level proves, in an operator's words. */
const LEVELS = {
  checksum: 'the store holds what pg_dump wrote',
  archive: 'every byte was read back, hashed and decoded by pg_restore',
  drill: 'it was restored on a scratch server and compared',
} as const

/** The job summary of an open gate: verdict, facts, restore commands, the last gates, pending migrations. */
export function renderGateSummary(report: GateReport, context: GateSummaryContext): string {
  const { migrations } = report
  if (report.kind === 'nothing-pending') {
    return renderSummaryPage({
      verdict: '✅ Nothing to migrate',
      facts: [['Migrations', `${literal(migrations.why)} (${literal(migrations.source)})`]],
      next: ['Nothing. The deploy may go on; no restore point was needed.'],
    })
  }
  const { manifest, record } = report
  const { previous } = context
  return renderSummaryPage({
    verdict: `✅ Gate open: ${literal(manifest.backup.database)} has a verified restore point`,
    problems: [...warnings(report), ...copyProblems(report.copies)],
    facts: gateFacts(report, context.recordUri),
    next: restoreSteps(manifest, context.store),
    trend: previous && { title: 'Last gates', trend: renderGateTrend(record, previous) },
    details: pendingList(migrations),
  })
}

function gateFacts(
  report: OpenGate,
  recordUri: string | undefined,
): ReadonlyArray<readonly [string, string]> {
  const { manifest, level, record } = report
  const { backup, object } = manifest
  return [
    ['Restore point', code(backup.snapshotAt)],
    ['Backup', code(backup.id)],
    ['Archive', `${code(`s3://${object.bucket}/${object.key}`)} (${renderBytes(object.bytes)})`],
    ...copyFacts(report.copies),
    ['Verified', `${level}: ${LEVELS[level]}`],
    ...comparedFact(report),
    ['Took', renderDuration(record.durations?.totalMs ?? 0)],
    ['Record', code(recordUri ?? '')],
  ]
}

function restoreSteps(manifest: Manifest, store: StoreAddress): readonly string[] {
  const { snapshotAt, kind } = manifest.backup
  const target =
    kind === 'partial'
      ? `Set ${code('TARGET_URL')} to a new, empty database and copy the tables from there. If its tables refer to tables, types or functions outside of this backup, restore the last full backup into it first.`
      : `Set ${code('TARGET_URL')} to a new, empty database, check it, then point the service at it: everything written after ${code(snapshotAt)} is not in it.`
  return [
    'Continue the deploy. If the migration goes wrong:',
    codeBlock(renderRestorePointCommands(manifest, store), 'bash'),
    target,
  ]
}

/** Shell commands that restore it into the empty database in TARGET_URL. */
export function renderRestorePointCommands(manifest: Manifest, store: StoreAddress): string {
  return renderBackupCommands(manifest, store).file
}

/** What going back would cost, and what was not checked. */
function warnings({ manifest, reused, plausibility, hiddenSessions }: OpenGate): readonly string[] {
  const { backup } = manifest
  const notes: string[] = []
  if (reused !== null)
    notes.push(
      `This backup was reused. Going back loses the last **${renderDuration(reused.ageMs)}** before this gate as well.`,
    )
  if (reused !== null && reused.laterGates.length > 0) notes.push(laterGatesNote(reused.laterGates))
  if (backup.kind === 'partial')
    notes.push(
      `This backup is partial: it covers only ${backup.tablePatterns.map(code).join(', ')}. Nothing else can be restored from it.`,
    )
  if (plausibility.kind === 'not-compared')
    notes.push(`The rows were not compared with an earlier backup. ${literal(plausibility.why)}`)
  if (hiddenSessions > 0) notes.push(literal(describeHidden(hiddenSessions)))
  return notes.map(note => `> ⚠️ ${note}`)
}

function laterGatesNote(gates: readonly GateRecord[]): string {
  const commits = [...new Set(gates.map(({ run }) => code(run.commit.slice(0, 12))))].slice(0, 5)
  const names = [...new Set(gates.flatMap(({ migrations }) => migrations.pending))]
  const shown = names.slice(0, 10).map(code).join(', ')
  const what =
    names.length === 0 ? '' : ` (${shown}${names.length > 10 ? `, and ${names.length - 10} more` : ''})`
  return `Since this backup the gate has let ${renderAmount(gates.length, 'other deploy')} through, of commit ${commits.join(', ')}: going back undoes ${gates.length === 1 ? 'its' : 'their'} migrations too${what}.`
}

/** One sentence. */
export function describeHidden(sessions: number): string {
  return `This role may not see what ${renderAmount(sessions, 'other session')} ${sessions === 1 ? 'does' : 'do'}: locks were checked, but a long transaction among them would not be noticed. Grant pg_monitor to the role.`
}

function comparedFact({ plausibility }: OpenGate): ReadonlyArray<readonly [string, string]> {
  if (plausibility.kind === 'not-compared') return []
  const { with: previous, tables, sizes } = plausibility
  return [
    [
      'Compared with',
      `${code(previous.id)} of ${code(previous.snapshotAt)}: ${renderAmount(tables, 'table')}, none lost too many rows; ${sizes}`,
    ],
  ]
}

function pendingList({ pending, why, source }: MigrationReport): readonly string[] {
  const hidden = pending.length - PENDING_SHOWN
  const names = pending.slice(0, PENDING_SHOWN).map(name => `- ${code(name)}`)
  return [
    `### ${pending.length === 0 ? 'Migrations' : `${pending.length} pending migrations`}`,
    `${literal(why)} (${literal(source)})`,
    [...names, ...(hidden > 0 ? [`- and ${hidden} more`] : [])].join('\n'),
  ]
}
