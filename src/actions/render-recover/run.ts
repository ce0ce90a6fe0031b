import type { ActionResult } from '../../core/action-result.ts'
import { compactInstant } from '../../core/backup/backup-id.ts'
import { renderRecoveryName } from '../../core/render/ownership.ts'
import type { RenderDatabases } from '../../render/databases.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { awaitConnection, closeAllowList } from '../../steps/recovery/allow-runner.ts'
import { deleteLeftRecovery } from '../../steps/recovery/delete-recovered.ts'
import { type RecoveredDatabase, recover } from '../../steps/recovery/recover.ts'
import { createRecoverDeps, proveDifferent, readSavedRecovery } from '../../wiring/recovery.ts'
import {
  createAccessDeps,
  createEntry,
  readExternalUrl,
  readSavedEntry,
  tryConnection,
} from '../../wiring/render-access.ts'
import { openRender } from '../../wiring/render-inputs.ts'
import { findRunnerAddress } from '../../wiring/runner-address.ts'
import { type RecoverInputs, readRecoverInputs } from './inputs.ts'
import { renderRecoverSummary } from './summary.ts'

export const renderRecover: Action = {
  async main(context) {
    const inputs = readRecoverInputs(context.inputs, context.environment)
    const signal = withDeadline(context.signal, inputs.timeoutMs)
    const { databases } = openRender(context, inputs.render, signal)
    // Before anything is made that costs money: without an address it could not be reached.
    const address = await findRunnerAddress(inputs.address, context.log, signal)
    const { environment } = context
    const since = Date.now()
    const recovered = await recover(
      {
        ...{ sourceId: inputs.instanceId, pointInTime: inputs.pointInTime },
        ...{ plan: inputs.plan, environmentId: inputs.environmentId },
        isRerun: Number(environment.run.runAttempt) > 1,
        name: renderRecoveryName(inputs.database, environment.run.runId, targetOf(inputs)),
      },
      createRecoverDeps(context, databases, signal),
    )
    // At once, should the proof fail: the instance is there, and costs money.
    context.setOutputs({ 'new-instance-id': recovered.instance.id })
    await connect(context, { inputs, databases, signal }, recovered, address)
    return toResult(recovered, inputs, Math.round((Date.now() - since) / 1000))
  },

  /** Deletes what this run made where it is not to be kept; else closes its allow list. */
  async post(context) {
    const saved = readSavedRecovery(context)
    if (saved === undefined) return
    const { render, keep } = readRecoverInputs(context.inputs, context.environment)
    const { databases } = openRender(context, render, context.signal)
    const deps = createAccessDeps(context, databases, context.signal)
    if (!keep) return await deleteLeftRecovery(saved.ours, saved.id, { databases, log: context.log })
    const entry = readSavedEntry(context)
    if (entry !== undefined) await closeAllowList(entry, deps)
  },
}

function targetOf({ pointInTime }: RecoverInputs): string {
  return pointInTime === 'latest' ? 'latest' : compactInstant(pointInTime)
}

interface RecoverWork {
  readonly inputs: RecoverInputs
  readonly databases: RenderDatabases
  readonly signal: AbortSignal
}

/** Narrows the allow list that Render copied, connects, and hands the URL to the following steps. */
async function connect(
  context: ActionContext,
  { inputs, databases, signal }: RecoverWork,
  { instance }: RecoveredDatabase,
  address: string,
): Promise<void> {
  const url = await readExternalUrl(instance.id, databases)
  const sourceUrl = await readExternalUrl(inputs.instanceId, databases)
  const entry = createEntry(context, instance.id, address, inputs.expiresAfterMs)
  await databases.setAllowList(instance.id, [entry])
  context.log.info(`The allow list of ${instance.id} admits ${address} alone.`)
  const deps = createAccessDeps(context, databases, signal)
  await awaitConnection({ instanceId: instance.id, entry }, () => tryConnection(url, signal), deps)
  await proveDifferent(url, sourceUrl, context, signal)
  context.exportVariable('RESTORED_DATABASE_URL', url)
}

function toResult(recovered: RecoveredDatabase, inputs: RecoverInputs, seconds: number): ActionResult {
  const { instance, pointInTime } = recovered
  return {
    outputs: {
      'new-instance-id': instance.id,
      name: instance.name,
      'recovered-to': pointInTime?.toISOString() ?? '',
      'recovery-seconds': pointInTime === undefined ? '' : seconds,
    },
    summary: renderRecoverSummary(recovered, { seconds, keep: inputs.keep, sourceId: inputs.instanceId }),
  }
}
