import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { judgeDeploy } from '../../core/render/database-status.ts'
import type { RenderDeploy } from '../../core/render/resources.ts'
import type { RenderServices } from '../../render/services.ts'
import type { RecoverPace } from './recover.ts'

interface DeployDeps {
  readonly services: Pick<RenderServices, 'deploy' | 'listDeploys' | 'readDeploy'>
  readonly now: () => Date
  readonly log: Log
  readonly signal: AbortSignal
  readonly pace: RecoverPace
}

/** How long a queued deploy may take to show in the list. */
const QUEUE_POLLS = 200

/**
 * Starts a deploy of the last build. `begunBefore` is when a run that died began this: a deploy since then
 * which has not failed is adopted. Returns the id.
 */
export async function startDeploy(
  serviceId: string,
  begunBefore: Date | undefined,
  deps: DeployDeps,
): Promise<string> {
  const { services, log } = deps
  const adopted = begunBefore && (await findSince(serviceId, begunBefore, deps))
  if (adopted !== undefined) {
    log.info(`The deploy ${adopted.id} of a run before is adopted.`)
    return adopted.id
  }
  const known = new Set((await services.listDeploys(serviceId, yesterday(deps))).map(({ id }) => id))
  const findMade = async () =>
    (await services.listDeploys(serviceId, yesterday(deps))).find(({ id }) => !known.has(id))
  const deploy = await services.deploy(serviceId, findMade)
  return deploy?.id ?? (await awaitQueued(serviceId, findMade, deps))
}

/** By the clock of Render: that of the runner may differ. */
function yesterday({ now }: DeployDeps): Date {
  return new Date(now().getTime() - 86_400_000)
}

async function findSince(serviceId: string, since: Date, { services }: DeployDeps) {
  const deploys = await services.listDeploys(serviceId, since)
  return deploys.find(({ status }) => judgeDeploy(status) !== 'failed')
}

/** Render has queued it behind another deploy, and its answer had no id. */
async function awaitQueued(
  serviceId: string,
  findMade: () => Promise<RenderDeploy | undefined>,
  { log, signal, pace }: DeployDeps,
): Promise<string> {
  log.info(`Render has queued the deploy of ${serviceId}.`)
  for (let poll = 0; poll < QUEUE_POLLS; poll += 1) {
    const made = await findMade()
    if (made !== undefined) return made.id
    await pause(poll, pace, signal)
  }
  throw new OperatorError('RENDER_FAILED', `The queued deploy of ${serviceId} does not show in its list.`, {
    hint: `Look at the deploys of ${serviceId} in the dashboard of Render.`,
  })
}

/** Waits until the deploy is live; throws with its status where it is not. */
export async function awaitDeploy(serviceId: string, id: string, deps: DeployDeps): Promise<void> {
  const { services, log, signal, pace } = deps
  let last = ''
  for (let poll = 0; ; poll += 1) {
    const { status } = await services.readDeploy(serviceId, id)
    if (status !== last) log.info(`  deploy ${id}: ${status}`)
    last = status
    const verdict = judgeDeploy(status)
    if (verdict === 'live') return
    if (verdict === 'failed')
      throw new OperatorError('RENDER_FAILED', `The deploy ${id} of ${serviceId} ended as ${status}.`, {
        hint: 'Its log is in the dashboard of Render; the release before it keeps serving.',
      })
    await pause(poll, pace, signal)
  }
}

async function pause(
  poll: number,
  { firstPollMs, longestPollMs }: RecoverPace,
  signal: AbortSignal,
): Promise<void> {
  await sleep(Math.min(longestPollMs, firstPollMs * 1.5 ** poll), undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}
