import type { ActionResult } from '../../core/action-result.ts'
import { renderSummaryPage } from '../../core/summary/summary-page.ts'
import { code } from '../../core/text/markdown.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { awaitConnection, openAllowList } from '../../steps/recovery/allow-runner.ts'
import {
  closeSavedEntry,
  createAccessDeps,
  createEntry,
  readExternalUrl,
  readSavedEntry,
  tryConnection,
} from '../../wiring/render-access.ts'
import { openRender } from '../../wiring/render-inputs.ts'
import { findRunnerAddress } from '../../wiring/runner-address.ts'
import { readAccessInputs } from './inputs.ts'

export const renderAccess: Action = {
  async main(context) {
    return await openAccess(context)
  },

  /** Removes exactly the entry of this step. */
  async post(context) {
    if (readSavedEntry(context) === undefined) return
    const { render } = readAccessInputs(context.inputs, context.environment)
    await closeSavedEntry(context, openRender(context, render, context.signal).databases)
  },
}

async function openAccess(context: ActionContext): Promise<ActionResult> {
  const inputs = readAccessInputs(context.inputs, context.environment)
  const { instanceId, expiresAfterMs } = inputs
  const signal = withDeadline(context.signal, inputs.timeoutMs)
  const { databases } = openRender(context, inputs.render, signal)
  const url = await readExternalUrl(instanceId, databases)
  const address = await findRunnerAddress(inputs.address, context.log, signal)
  const request = { instanceId, entry: createEntry(context, instanceId, address, expiresAfterMs) }
  const deps = createAccessDeps(context, databases, signal)
  await openAllowList(request, deps)
  await awaitConnection(request, () => tryConnection(url, signal), deps)
  return {
    outputs: { 'runner-address': address },
    summary: renderSummaryPage({
      verdict: '✅ Allow list open for this job',
      facts: [
        ['Instance', code(instanceId)],
        ['Address', code(address)],
        ['Entry', code(request.entry.description)],
      ],
      next: ['Nothing. The end of the job removes the entry.'],
    }),
  }
}
