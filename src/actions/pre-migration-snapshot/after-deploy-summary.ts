import { type BackupCopy, copyFacts, copyProblems } from '../../core/backup/copies.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { renderBackupCommands } from '../../core/backup/partial-backup.ts'
import type { GateRecord } from '../../core/gate/gate-record.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, codeBlock, literal, table } from '../../core/text/markdown.ts'
import type { SoakReport } from '../../steps/gate/soak.ts'

/** The gate of this deploy, or else the newest of all, with the backup that it names. */
export interface KnownGate {
  readonly gate: GateRecord
  readonly isOfDeploy: boolean
  readonly manifest?: Manifest
  /** Why its manifest proves no restore point. */
  readonly problem?: string
}

/** The job summary after a deploy that stayed healthy. */
export function renderAfterSummary(
  report: SoakReport,
  { backup, object }: Manifest,
  copies: readonly BackupCopy[],
): string {
  return renderSummaryPage({
    verdict: '✅ The deploy is healthy, and backed up',
    problems: copyProblems(copies),
    facts: [
      probesFact(report),
      ['Backup of the new state', code(backup.id)],
      ['Shows the database at', code(backup.snapshotAt)],
      ['Archive', code(`s3://${object.bucket}/${object.key}`)],
      ...copyFacts(copies),
    ],
    next: ['Nothing. The new state can be restored too.'],
  })
}

interface UnhealthyContext {
  /** The bucket that was asked; a forged or copied record may name another. */
  readonly bucket: string
  readonly endpoint: string | undefined
  readonly now: Date
}

/** The job summary after a deploy that did not: the restore point first. */
export function renderUnhealthySummary(
  report: SoakReport,
  known: KnownGate | undefined,
  context: UnhealthyContext,
): string {
  const rows = report.probes
    .filter(probe => !probe.healthy)
    .slice(-10)
    .map(({ at, status, error }) => [
      code(at.toISOString()),
      status === undefined ? '' : String(status),
      literal(error ?? ''),
    ])
  return renderSummaryPage({
    verdict: '❌ The deploy is not healthy: no backup was taken',
    problems: [table(['At', 'Status', 'Why'], rows)],
    facts: [probesFact(report), ...restorePointFacts(known, context.now)],
    next: restorePointSteps(known, context),
  })
}

function probesFact({ probes, verdict }: SoakReport): readonly [string, string] {
  const healthy = probes.filter(probe => probe.healthy).length
  return ['Probes', `${healthy} of ${probes.length} were healthy. ${literal(verdict)}`]
}

function restorePointFacts(
  known: KnownGate | undefined,
  now: Date,
): ReadonlyArray<readonly [string, string]> {
  const none: readonly [string, string] = [
    'Restore point before this deploy',
    'none: no gate of this run or commit let migrations through',
  ]
  if (known === undefined) return [none]
  const { backup, run } = known.gate
  const shown = `${code(backup.snapshotAt)}, ${age(known.gate, now)} ago`
  if (known.isOfDeploy)
    return [
      ['Restore point before this deploy', code(backup.id)],
      ['Shows the database at', shown],
    ]
  return [
    none,
    [
      'Newest restore point',
      `${code(backup.id)}, before the deploy of commit ${code(run.commit.slice(0, 12))}; it shows the database at ${shown}`,
    ],
  ]
}

function age({ backup }: GateRecord, now: Date): string {
  return renderDuration(Math.max(0, now.getTime() - Date.parse(backup.snapshotAt)))
}

function restorePointSteps(
  known: KnownGate | undefined,
  { bucket, endpoint }: UnhealthyContext,
): readonly string[] {
  if (known === undefined)
    return [
      'Roll the deploy back. There is no record of a gate, so no restore point is known. Look for one with `aws s3 ls`.',
    ]
  const { gate, isOfDeploy, manifest, problem = '' } = known
  if (manifest === undefined)
    return [
      `Roll the deploy back. The record of the gate names ${code(gate.backup.id)}, but ${literal(problem)}: no command is shown. Look for another backup with ${code('aws s3 ls')}.`,
    ]
  const caution = isOfDeploy
    ? ''
    : ' It was **not** taken for this deploy: everything written since then would be lost.'
  return [
    `Roll the deploy back. If the data is at fault, set ${code('TARGET_URL')} to a new, empty database and restore into it:${caution}`,
    codeBlock(renderBackupCommands(manifest, { bucket, endpoint }).file, 'bash'),
  ]
}
