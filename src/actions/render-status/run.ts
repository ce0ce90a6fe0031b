import type { ActionResult } from '../../core/action-result.ts'
import { OperatorError } from '../../core/errors.ts'
import { RECOVERY_PREFIX } from '../../core/render/ownership.ts'
import { assemblePosture, type DatabasePosture, unmetDemand } from '../../core/render/posture.ts'
import { windowMs } from '../../core/render/recovery-window.ts'
import type { RenderEnvironment } from '../../core/render/resources.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { RenderDatabases } from '../../render/databases.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { openRender } from '../../wiring/render-inputs.ts'
import { readStatusInputs, type StatusInputs } from './inputs.ts'
import { renderStatusSummary } from './summary.ts'

export const renderStatus: Action = {
  async main(context) {
    const inputs = readStatusInputs(context.inputs, context.environment)
    const { databases } = openRender(context, inputs.render, context.signal)
    const posture = await readPosture(inputs.instanceId, databases, context)
    const notes = describeGaps(posture, inputs)
    for (const note of notes) context.log.warning(note)
    return toResult(posture, notes, inputs)
  },
}

async function readPosture(
  id: string,
  databases: RenderDatabases,
  { log }: ActionContext,
): Promise<DatabasePosture> {
  const database = await databases.read(id)
  const [recovery, exports, all, environment] = await Promise.all([
    databases.readRecovery(id),
    databases.listExports(id),
    databases.list(),
    readEnvironment(database.environmentId, databases, log),
  ])
  const recoveries = all.filter(({ name }) => name.startsWith(`${RECOVERY_PREFIX}-`))
  return assemblePosture({
    ...{ database, recovery, environment, recoveries, now: new Date() },
    newestExport: exports[0],
  })
}

/** Undefined where there is none, or where the key may not read it. */
async function readEnvironment(
  id: string,
  databases: RenderDatabases,
  log: ActionContext['log'],
): Promise<RenderEnvironment | undefined> {
  if (id === '') return undefined
  try {
    return await databases.readEnvironment(id)
  } catch (error) {
    const isHidden = error instanceof OperatorError && /DENIED|NOT_FOUND/.test(error.code)
    if (!isHidden) throw error
    log.info(`${error.message} Whether it is protected is not reported.`)
    return undefined
  }
}

/** What differs from what the team counts on, or costs money unseen. */
function describeGaps(posture: DatabasePosture, { expectedRetentionMs }: StatusInputs): readonly string[] {
  const { window, recoveries } = posture
  const ms = window === undefined ? 0 : windowMs(window)
  return [
    ...(expectedRetentionMs !== undefined && ms < expectedRetentionMs
      ? [
          `The team counts on ${renderDuration(expectedRetentionMs)} of recovery, but Render offers ${renderDuration(ms)}. The plan of the workspace decides: keep older states in the bucket.`,
        ]
      : []),
    ...recoveries.map(
      ({ id, name, createdAt }) =>
        `${name} (${id}) was recovered at ${createdAt} and costs money. Delete it if no run needs it any more.`,
    ),
  ]
}

function toResult(
  posture: DatabasePosture,
  notes: readonly string[],
  { instanceId, demands }: StatusInputs,
): ActionResult {
  const { database, recovery, window, newestExport, isProtected } = posture
  const problems = demands.flatMap(demand => unmetDemand(demand, posture) ?? [])
  return {
    outputs: {
      'recovery-status': recovery.recoveryStatus,
      'window-start': window?.startsAt.toISOString() ?? '',
      'window-end': window?.endsAt.toISOString() ?? '',
      'window-seconds': window === undefined ? '' : Math.floor(windowMs(window) / 1000),
      'newest-export': newestExport?.createdAt ?? '',
      status: database.status,
      plan: database.plan,
      'open-to-all': posture.isOpenToAll,
      protected: isProtected ?? '',
    },
    summary: renderStatusSummary(posture, problems, notes),
    ...(problems.length > 0 && {
      failure: new OperatorError(
        'RENDER_NOT_READY',
        `${database.name} (${instanceId}): ${problems.join('; ')}.`,
        { hint: 'The job summary lists what Render has. Correct it there, or change fail-on.' },
      ),
    }),
  }
}
