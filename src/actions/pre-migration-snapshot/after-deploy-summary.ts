import type { Manifest } from '../../core/backup/manifest.ts'
import { renderRestoreCommands } from '../../core/backup/restore-commands.ts'
import type { GateRecord } from '../../core/gate/gate-record.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { code, codeBlock, literal, table } from '../../core/text/markdown.ts'
import type { SoakReport } from '../../steps/gate/soak.ts'

/** The gate of this deploy, and the newest gate of all. */
interface KnownGates {
  readonly ofDeploy: GateRecord | undefined
  readonly newest: GateRecord | undefined
}

/** The job summary after a deploy that stayed healthy. */
export function renderAfterSummary(report: SoakReport, { backup, object }: Manifest): string {
  return renderSummaryPage({
    verdict: '✅ The deploy is healthy, and backed up',
    facts: [
      probesFact(report),
      ['Backup of the new state', code(backup.id)],
      ['Shows the database at', code(backup.snapshotAt)],
      ['Archive', code(`s3://${object.bucket}/${object.key}`)],
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
  gates: KnownGates,
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
    facts: [probesFact(report), ...restorePointFacts(gates, context.now)],
    next: restorePointSteps(gates, context),
  })
}

function probesFact({ probes, verdict }: SoakReport): readonly [string, string] {
  const healthy = probes.filter(probe => probe.healthy).length
  return ['Probes', `${healthy} of ${probes.length} were healthy. ${literal(verdict)}`]
}

function restorePointFacts(
  { ofDeploy, newest }: KnownGates,
  now: Date,
): ReadonlyArray<readonly [string, string]> {
  if (ofDeploy !== undefined)
    return [
      ['Restore point before this deploy', code(ofDeploy.backup.id)],
      ['Shows the database at', `${code(ofDeploy.backup.snapshotAt)}, ${age(ofDeploy, now)} ago`],
    ]
  const none: readonly [string, string] = [
    'Restore point before this deploy',
    'none: no gate of this run or commit let migrations through',
  ]
  if (newest === undefined) return [none]
  const { backup, run } = newest
  return [
    none,
    [
      'Newest restore point',
      `${code(backup.id)}, before the deploy of commit ${code(run.commit.slice(0, 12))}; it shows the database at ${code(backup.snapshotAt)}, ${age(newest, now)} ago`,
    ],
  ]
}

function age({ backup }: GateRecord, now: Date): string {
  return renderDuration(Math.max(0, now.getTime() - Date.parse(backup.snapshotAt)))
}

function restorePointSteps(
  { ofDeploy, newest }: KnownGates,
  { bucket, endpoint }: UnhealthyContext,
): readonly string[] {
  const known = ofDeploy ?? newest
  if (known === undefined)
    return [
      'Roll the deploy back. There is no record of a gate, so no restore point is known. Look for one with `aws s3 ls`.',
    ]
  const caution =
    ofDeploy === undefined
      ? ' It was **not** taken for this deploy: everything written since then would be lost.'
      : ''
  return [
    `Roll the deploy back. If the data is at fault, set ${code('TARGET_URL')} to a new, empty database and restore into it:${caution}`,
    codeBlock(renderRestoreCommands(known.backup, { bucket, endpoint }, { format: 'custom' }).file, 'bash'),
  ]
}
