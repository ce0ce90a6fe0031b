import type { ActionResult } from '../../core/action-result.ts'
import { gatePrefix } from '../../core/backup-key.ts'
import { OperatorError } from '../../core/errors.ts'
import { type GateRecord, parseGateRecord } from '../../core/gate-record.ts'
import type { Manifest } from '../../core/manifest.ts'
import { type SoakRequest, soak } from '../../steps/soak.ts'
import { verifyChecksum } from '../../steps/verify-archive.ts'
import { gateOutputs } from './outputs.ts'
import type { GateSetting } from './setting.ts'
import { renderAfterSummary } from './summary.ts'

/**
 * After a deploy (runbook §7: back up after the migration is verified, not right after it): watches the service, and
 * backs up the new state only when it stayed healthy. If not, it fails and shows the way back.
 */
export async function backUpAfterDeploy(
  { context, inputs, store, signal }: GateSetting,
  request: SoakRequest,
  takeBackup: () => Promise<Manifest>,
): Promise<ActionResult> {
  const tools = { fetch: globalThis.fetch, now: () => new Date(), log: context.log, signal }
  const report = await context.log.group(`Watch ${request.url}`, () => soak(request, tools))
  context.log.info(report.verdict)
  const wayBack = await readNewestGate(store, gatePrefix(inputs.location))
  const { endpoint } = inputs.store
  if (!report.healthy) {
    return {
      outputs: gateOutputs({
        migrationsPending: false,
        ...(wayBack && {
          restorePoint: store.uri(wayBack.backup.key),
          snapshotAt: wayBack.backup.snapshotAt,
        }),
      }),
      summary: renderAfterSummary({ report, manifest: undefined, wayBack, endpoint }),
      failure: new OperatorError(
        'GATE_UNHEALTHY',
        `${request.url} was not healthy after the deploy: ${report.verdict}`,
        {
          hint:
            wayBack === undefined
              ? 'Roll the deploy back. There is no gate record with a restore point.'
              : `Roll the deploy back, or restore ${wayBack.backup.id} from ${wayBack.backup.snapshotAt}.`,
        },
      ),
    }
  }
  const manifest = await takeBackup()
  await verifyChecksum(manifest, store)
  return {
    outputs: gateOutputs({
      migrationsPending: false,
      backupId: manifest.backup.id,
      restorePoint: store.uri(manifest.object.key),
      snapshotAt: manifest.backup.snapshotAt,
      level: 'checksum',
    }),
    summary: renderAfterSummary({ report, manifest, wayBack, endpoint }),
  }
}

/** The newest record of a gate: the way back before the deploy that is being watched. */
async function readNewestGate(store: GateSetting['store'], prefix: string): Promise<GateRecord | undefined> {
  const key = (await store.list(prefix)).at(-1)
  return key === undefined ? undefined : parseGateRecord(await store.getText(key), key)
}
