import type { ActionResult } from '../../core/action-result.ts'
import { OperatorError } from '../../core/errors.ts'
import { isOfDeploy } from '../../core/gate/gate-record.ts'
import { readLastGates } from '../../steps/gate/gate-records.ts'
import { type SoakReport, type SoakRequest, soak } from '../../steps/gate/soak.ts'
import { describeRun } from '../../wiring/dump-deps.ts'
import { renderAfterSummary, renderUnhealthySummary } from './after-deploy-summary.ts'
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
  const deps = { fetch: globalThis.fetch, now: () => new Date(), log: context.log, signal }
  const report = await context.log.group(`Watch ${request.shownUrl}`, () => soak(request, deps))
  context.log.info(report.verdict)
  if (!report.healthy) return await unhealthy(gateRun, request, report)
  const manifest = await takeBackup(gateRun, 'post-migration')
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
    }),
    summary: renderAfterSummary(report, manifest),
  }
}

/** No error from here on may hide that the deploy is not healthy. */
async function unhealthy(
  { context, inputs, store }: GateRun,
  request: SoakRequest,
  report: SoakReport,
): Promise<ActionResult> {
  const gates = await readLastGates(inputs.location, { store, log: context.log })
  const ofDeploy = gates.find(record => isOfDeploy(record, describeRun(context.environment)))
  const gatesKnown = { ofDeploy, newest: gates[0] }
  const known = ofDeploy ?? gates[0]
  const hint =
    known === undefined
      ? 'Roll the deploy back. There is no gate record with a restore point.'
      : `Roll the deploy back, or restore ${known.backup.id} from ${known.backup.snapshotAt}${ofDeploy === undefined ? ', which was not taken for this deploy' : ''}.`
  return {
    outputs: gateOutputs({
      migrationsPending: undefined,
      ...(ofDeploy && {
        restorePoint: store.uri(ofDeploy.backup.key),
        snapshotAt: ofDeploy.backup.snapshotAt,
      }),
    }),
    summary: renderUnhealthySummary(report, gatesKnown, {
      bucket: store.bucket,
      endpoint: inputs.store.endpoint,
      now: new Date(),
    }),
    failure: new OperatorError(
      'GATE_UNHEALTHY',
      `${request.shownUrl} was not healthy after the deploy: ${report.verdict}`,
      { hint },
    ),
  }
}
