import { renderBytes } from '../../core/bytes.ts'
import { renderDuration } from '../../core/duration.ts'
import type { GateRecord } from '../../core/gate-record.ts'
import { renderGateTrend } from '../../core/gate-trend.ts'
import type { Manifest } from '../../core/manifest.ts'
import { code, codeBlock, literal, table } from '../../core/markdown.ts'
import type { MigrationReport } from '../../core/migrations/migration-report.ts'
import { renderRestoreCommands } from '../../core/restore-commands.ts'
import { renderSummaryPage } from '../../core/summary-page.ts'
import type { GateReport } from '../../steps/gate.ts'
import type { SoakReport } from '../../steps/soak.ts'

type OpenGate = Extract<GateReport, { kind: 'open' }>

/** Migrations shown one by one. */
const PENDING_SHOWN = 30

export interface GateSummaryContext {
  readonly endpoint: string | undefined
  readonly recordUri: string | undefined
  /** Earlier gates in any order; undefined where they could not be listed. */
  readonly previous: readonly GateRecord[] | undefined
}

/** What each level proves, in an operator's words. */
const LEVELS = {
  checksum: 'the store holds what pg_dump wrote',
  archive: 'every byte was read back, hashed and decoded by pg_restore',
  drill: 'it was restored on a scratch server and compared',
} as const

/** The job summary of an open gate: verdict, facts, the way back to paste from, the last gates, and what is about to happen. */
export function renderGateSummary(report: GateReport, context: GateSummaryContext): string {
  const { migrations } = report
  if (report.kind === 'nothing-pending') {
    return renderSummaryPage({
      verdict: '✅ Nothing to migrate',
      facts: [['Migrations', `${literal(migrations.why)} (${literal(migrations.source)})`]],
      next: ['Nothing: the deploy may go on. No restore point was needed.'],
    })
  }
  const { manifest, reusedAgeMs, record } = report
  const { previous } = context
  return renderSummaryPage({
    verdict: `✅ Gate open: ${literal(manifest.backup.database)} has a verified way back`,
    problems: lossNotes(manifest, reusedAgeMs),
    facts: gateFacts(report, context.recordUri),
    next: wayBackSteps(manifest, context.endpoint),
    trend: previous && { title: 'Last gates', trend: renderGateTrend(record, previous) },
    details: pendingList(migrations),
  })
}

function gateFacts(
  { manifest, level, record }: OpenGate,
  recordUri: string | undefined,
): ReadonlyArray<readonly [string, string]> {
  const { backup, object } = manifest
  return [
    ['Way back to', code(backup.snapshotAt)],
    ['Backup', code(backup.id)],
    ['Archive', `${code(`s3://${object.bucket}/${object.key}`)} (${renderBytes(object.bytes)})`],
    ['Verified', `${level}: ${LEVELS[level]}`],
    ['Took', renderDuration(record.durations?.totalMs ?? 0)],
    ['Record', code(recordUri ?? '')],
  ]
}

function wayBackSteps(
  { backup, object, archive }: Manifest,
  endpoint: string | undefined,
): readonly string[] {
  return [
    'Let the deploy go on. If the migration goes wrong:',
    codeBlock(renderRestoreCommands(object, archive.format, endpoint).file, 'bash'),
    `Set ${code('TARGET_URL')} to a new, empty database, check it, then point the service at it: everything written after ${code(backup.snapshotAt)} is not in it.`,
  ]
}

/** What going back would cost, said before anyone goes back. */
function lossNotes({ backup }: Manifest, reusedAgeMs: number | null): readonly string[] {
  const notes: string[] = []
  if (reusedAgeMs !== null) {
    notes.push(
      `> ⚠️ This backup was reused. Going back loses the last **${renderDuration(reusedAgeMs)}** before this gate as well.`,
    )
  }
  if (backup.kind === 'partial') {
    notes.push(
      `> ⚠️ This backup is partial: it covers ${backup.tables.map(code).join(', ')} only. Nothing else can be brought back from it.`,
    )
  }
  return notes
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

export interface AfterSummary {
  readonly report: SoakReport
  /** The backup of the new state; undefined when the service was not healthy. */
  readonly manifest: Manifest | undefined
  readonly wayBack: GateRecord | undefined
  readonly endpoint: string | undefined
}

/** The job summary of the phase after a deploy. */
export function renderAfterSummary({ report, manifest, wayBack, endpoint }: AfterSummary): string {
  const failed = report.probes.filter(probe => !probe.healthy)
  const healthy = `${report.probes.length - failed.length} of ${report.probes.length} were healthy. ${literal(report.verdict)}`
  if (manifest !== undefined) {
    return renderSummaryPage({
      verdict: '✅ The deploy is healthy, and backed up',
      facts: [
        ['Probes', healthy],
        ['Backup of the new state', code(manifest.backup.id)],
        ['Shows the database at', code(manifest.backup.snapshotAt)],
        ['Archive', code(`s3://${manifest.object.bucket}/${manifest.object.key}`)],
      ],
      next: ['Nothing: the new state can be brought back too.'],
    })
  }
  const rows = failed
    .slice(-10)
    .map(({ at, status, error }) => [
      code(at.toISOString()),
      status === undefined ? '' : String(status),
      literal(error ?? ''),
    ])
  return renderSummaryPage({
    verdict: '❌ The deploy is not healthy: no backup was taken',
    problems: [table(['At', 'Status', 'Why'], rows)],
    facts: [
      ['Probes', healthy],
      ...(wayBack === undefined
        ? []
        : ([
            ['Restore point before this deploy', code(wayBack.backup.id)],
            ['Shows the database at', code(wayBack.backup.snapshotAt)],
          ] as const)),
    ],
    next: wayBackAfter(wayBack, endpoint),
  })
}

function wayBackAfter(wayBack: GateRecord | undefined, endpoint: string | undefined): readonly string[] {
  if (wayBack === undefined)
    return [
      'Roll the deploy back. There is no record of a gate, so no restore point is known: look for one with `aws s3 ls`.',
    ]
  return [
    `Roll the deploy back. If the data is at fault, set ${code('TARGET_URL')} to a new, empty database and bring the restore point back into it:`,
    codeBlock(renderRestoreCommands(wayBack.backup, 'custom', endpoint).file, 'bash'),
  ]
}
