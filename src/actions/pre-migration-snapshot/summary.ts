import { renderBytes } from '../../core/bytes.ts'
import { renderDuration } from '../../core/duration.ts'
import type { GateRecord } from '../../core/gate-record.ts'
import type { Manifest } from '../../core/manifest.ts'
import { code, codeBlock, factTable, literal, table } from '../../core/markdown.ts'
import type { MigrationReport } from '../../core/migrations/migration-report.ts'
import { renderRestoreCommands } from '../../core/restore-commands.ts'
import type { GateReport } from '../../steps/gate.ts'
import type { SoakReport } from '../../steps/soak.ts'

/** Migrations shown one by one. */
const PENDING_SHOWN = 30

export interface GateSummaryContext {
  readonly endpoint: string | undefined
  readonly recordUri: string | undefined
}

/** What each level proves, in an operator's words. */
const LEVELS = {
  checksum: 'the store holds what pg_dump wrote',
  archive: 'every byte was read back, hashed and decoded by pg_restore',
  drill: 'it was restored on a scratch server and compared',
} as const

/** The job summary of an open gate: verdict, what is about to happen, and the way back to paste from. */
export function renderGateSummary(report: GateReport, { endpoint, recordUri }: GateSummaryContext): string {
  const { migrations } = report
  if (report.kind === 'nothing-pending') {
    return ['## ✅ Nothing to migrate', '', `${literal(migrations.why)} No restore point was needed.`].join(
      '\n',
    )
  }
  const { manifest, level, reusedAgeMs } = report
  const { backup, object } = manifest
  const facts: ReadonlyArray<readonly [string, string]> = [
    ['Way back to', code(backup.snapshotAt)],
    ['Backup', code(backup.id)],
    ['Archive', `${code(`s3://${object.bucket}/${object.key}`)} (${renderBytes(object.bytes)})`],
    ['Verified', `${level}: ${LEVELS[level]}`],
    ['Record', code(recordUri ?? '')],
  ]
  return [
    `## ✅ Gate open: ${literal(backup.database)} has a verified way back`,
    '',
    ...lossNotes(manifest, reusedAgeMs),
    factTable(facts),
    '',
    ...pendingList(migrations),
    '### If the migration goes wrong',
    '',
    codeBlock(renderRestoreCommands(object, manifest.archive.format, endpoint).file, 'bash'),
    '',
    `Set ${code('TARGET_URL')} to a new, empty database, check it, then point the service at it: everything written after ${code(backup.snapshotAt)} is not in it.`,
  ].join('\n')
}

/** What going back would cost, said before anyone goes back. */
function lossNotes({ backup }: Manifest, reusedAgeMs: number | null): readonly string[] {
  const notes: string[] = []
  if (reusedAgeMs !== null) {
    notes.push(
      `> ⚠️ This backup was reused. Going back loses the last **${renderDuration(reusedAgeMs)}** before this gate as well.`,
      '',
    )
  }
  if (backup.kind === 'partial') {
    notes.push(
      `> ⚠️ This backup is partial: it covers ${backup.tables.map(code).join(', ')} only. Nothing else can be brought back from it.`,
      '',
    )
  }
  return notes
}

function pendingList({ pending, why, source }: MigrationReport): readonly string[] {
  const hidden = pending.length - PENDING_SHOWN
  return [
    `### ${pending.length === 0 ? 'Migrations' : `${pending.length} pending migrations`}`,
    '',
    `${literal(why)} (${literal(source)})`,
    '',
    ...pending.slice(0, PENDING_SHOWN).map(name => `- ${code(name)}`),
    ...(hidden > 0 ? [`- and ${hidden} more`] : []),
    '',
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
  const probes = [
    `${report.probes.length - failed.length} of ${report.probes.length} probes were healthy. ${literal(report.verdict)}`,
    '',
  ]
  if (manifest !== undefined) {
    return [
      '## ✅ The deploy is healthy, and backed up',
      '',
      ...probes,
      `The new state is ${code(manifest.backup.id)}, which shows ${code(manifest.backup.snapshotAt)}.`,
    ].join('\n')
  }
  const rows = failed
    .slice(-10)
    .map(({ at, status, error }) => [
      code(at.toISOString()),
      status === undefined ? '' : String(status),
      literal(error ?? ''),
    ])
  return [
    '## ❌ The deploy is not healthy: no backup was taken',
    '',
    ...probes,
    table(['At', 'Status', 'Why'], rows),
    '',
    ...renderWayBack(wayBack, endpoint),
  ].join('\n')
}

function renderWayBack(wayBack: GateRecord | undefined, endpoint: string | undefined): readonly string[] {
  if (wayBack === undefined)
    return ['There is no record of a gate, so no restore point is known. Look for one with `aws s3 ls`.']
  const { backup } = wayBack
  return [
    '### The way back',
    '',
    `The restore point before this deploy is ${code(backup.id)}, which shows ${code(backup.snapshotAt)}.`,
    '',
    codeBlock(renderRestoreCommands(backup, 'custom', endpoint).file, 'bash'),
  ]
}
