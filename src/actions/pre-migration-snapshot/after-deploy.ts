import type { ActionResult } from '../../core/action-result.ts'
import { parseBackupId } from '../../core/backup/backup-id.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { type GateRecord, isOfDeploy } from '../../core/gate/gate-record.ts'
import { fetchWeb } from '../../net/web-request.ts'
import { readManifest } from '../../steps/backups/read-manifest.ts'
import { readLastGates } from '../../steps/gate/gate-records.ts'
import { type SoakReport, type SoakRequest, soak } from '../../steps/gate/soak.ts'
import { describeRun } from '../../wiring/dump-deps.ts'
import { type KnownGate, renderAfterSummary, renderUnhealthySummary } from './after-deploy-summary.ts'
import type { GateRun } from './gate-run.ts'
import { gateOutputs } from './outputs.ts'
import { takeBackup, verify } from './restore-point.ts'

/**
 * After a deploy (runbook §7: back up after the migration is verified, not right after it): watches the
 * service, and backs up the new state only when it stayed healthy. Otherwise it fails and shows the commands
 * of the restore point.
 */
export async function backUpAfterDeploy(gateRun: GateRun, request: SoakRequest): Promise<ActionResult> {
  const { context, store, signal } = gateRun
  const deps = { fetch: fetchWeb, now: () => new Date(), log: context.log, signal }
  const report = await context.log.group(`Watch ${request.shownUrl}`, () => soak(request, deps))
  context.log.info(report.verdict)
  if (!report.healthy) return await unhealthy(gateRun, request, report)
  const { manifest, copies } = await takeBackup(gateRun, 'post-migration')
  // A store that keeps no checksum can only show it by giving every byte back.
  const level = manifest.object.checksum === null ? 'archive' : 'checksum'
  await verify(gateRun, manifest, level)
  return {
    outputs: gateOutputs({
      migrationsPending: undefined,
      backupId: manifest.backup.id,
      restorePoint: store.uri(manifest.object.key),
      snapshotAt: manifest.backup.snapshotAt,
      level,
      copies,
    }),
    summary: renderAfterSummary(report, manifest, copies),
  }
}

/** No error from here on may hide that the deploy is not healthy. */
async function unhealthy(gateRun: GateRun, request: SoakRequest, report: SoakReport): Promise<ActionResult> {
  const { context, inputs, store } = gateRun
  const gates = await readLastGates(inputs.location, { store, log: context.log })
  const ofDeploy = gates.find(record => isOfDeploy(record, describeRun(context.environment)))
  const known = ofDeploy ?? gates[0]
  const restorePoint = known && (await findRestorePoint(known, gateRun))
  const hint =
    known === undefined
      ? 'Roll the deploy back. There is no gate record with a restore point.'
      : `Roll the deploy back, or restore ${known.backup.id} from ${known.backup.snapshotAt}${ofDeploy === undefined ? ', which was not taken for this deploy' : ''}.`
  return {
    outputs: gateOutputs({
      migrationsPending: undefined,
      ...(ofDeploy &&
        restorePoint?.manifest && {
          restorePoint: store.uri(restorePoint.manifest.object.key),
          snapshotAt: restorePoint.manifest.backup.snapshotAt,
        }),
    }),
    summary: renderUnhealthySummary(
      report,
      known && { gate: known, isOfDeploy: ofDeploy !== undefined, ...restorePoint },
      {
        bucket: store.bucket,
        endpoint: inputs.store.endpoint,
        now: new Date(),
      },
    ),
    failure: new OperatorError(
      'GATE_UNHEALTHY',
      `${request.shownUrl} was not healthy after the deploy: ${report.verdict}`,
      { hint },
    ),
  }
}

/**
 * The backup that a gate names, by its manifest: people paste the commands, and anyone who may write to the
 * bucket can write a record.
 */
async function findRestorePoint(
  { backup }: GateRecord,
  { inputs, store, context }: GateRun,
): Promise<Pick<KnownGate, 'manifest' | 'problem'>> {
  try {
    const manifest = await readManifest(parseBackupId(backup.id), inputs.location, store)
    if (manifest?.object.sha256 === backup.sha256) return { manifest }
    return { problem: manifest ? 'its manifest names another archive' : 'it has no manifest' }
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof RangeError)) throw error
    context.log.warning(`The restore point ${backup.id} cannot be read: ${errorMessage(error)}`)
    return { problem: 'its manifest cannot be read' }
  }
}
