import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { parseMark } from '../../core/render/allow-list.ts'
import {
  type CutoverDirection,
  type CutoverPlan,
  type CutoverService,
  type CutoverStep,
  type CutoverVariable,
  renderStep,
  stepsOf,
} from '../../core/render/cutover-plan.ts'
import { type DatabaseDoors, moveValue } from '../../core/render/move-url.ts'
import { Secret } from '../../core/secret.ts'
import type { RenderDatabases } from '../../render/databases.ts'
import type { RenderServices } from '../../render/services.ts'
import type { CutoverJournal } from './cutover-journal.ts'
import { awaitDeploy, startDeploy } from './deploy.ts'
import { awaitAvailable, type RecoverPace } from './recover.ts'

interface CutoverRequest {
  readonly id: string
  readonly plan: CutoverPlan
  readonly direction: CutoverDirection
  readonly old: DatabaseDoors
  readonly fresh: DatabaseDoors
}

interface CutoverDeps {
  readonly databases: Pick<RenderDatabases, 'read' | 'setAllowList' | 'suspend' | 'resume'>
  readonly services: Pick<
    RenderServices,
    | 'read'
    | 'listVariables'
    | 'readGroup'
    | 'setVariable'
    | 'setMaintenance'
    | 'suspend'
    | 'resume'
    | 'deploy'
    | 'listDeploys'
    | 'readDeploy'
  >
  readonly journal: CutoverJournal
  /** Waits until the service answers as expected; throws where it does not. */
  readonly checkHealth: () => Promise<void>
  readonly now: () => Date
  readonly log: Log
  readonly signal: AbortSignal
  readonly pace: RecoverPace
}

/**
 * Carries out the steps from the last one that was begun. Each is noted in the journal before it is made, and
 * each looks at what there is first, so that a step which a dead run had begun can be made again. Throws
 * CUTOVER_STOPPED.
 */
export async function carryOutCutover(request: CutoverRequest, deps: CutoverDeps): Promise<void> {
  const { plan, direction } = request
  const { journal, log } = deps
  const steps = stepsOf(plan, direction)
  const last = journal.events.at(-1)
  const first = last?.direction === direction ? Math.min(last.step, steps.length) : 0
  if (first > 0) log.info(`Continues at step ${first + 1} of ${steps.length}: a run before has begun it.`)
  for (const [index, step] of steps.entries()) {
    if (index < first) continue
    const since = journal.begunAt(direction, index)
    await journal.note(direction, index, renderStep(step))
    try {
      await log.group(`${index + 1}/${steps.length} ${renderStep(step)}`, () =>
        makeStep(step, since, request, deps),
      )
    } catch (error) {
      deps.signal.throwIfAborted()
      throw stopped(request, steps, index, error)
    }
  }
  await journal.note(direction, steps.length, 'done')
}

/** What is done and what is not, and both ways on. */
function stopped(
  { id, direction }: CutoverRequest,
  steps: readonly CutoverStep[],
  index: number,
  cause: unknown,
): OperatorError {
  const listed = (title: string, some: readonly CutoverStep[]) =>
    some.map(step => `- ${title}: ${renderStep(step)}`)
  const failed = steps[index]
  const lines = [
    `The ${direction === 'undo' ? 'undoing of the cutover' : 'cutover'} ${id} stopped: ${errorMessage(cause)}`,
    ...listed('done', steps.slice(0, index)),
    ...(failed === undefined ? [] : listed('failed', [failed])),
    ...listed('not done', steps.slice(index + 1)),
  ]
  const why = cause instanceof OperatorError && cause.hint !== undefined ? `${cause.hint} ` : ''
  const undo = direction === 'undo' ? '' : `, or go back with undo: ${id}`
  return new OperatorError('CUTOVER_STOPPED', lines.join('\n'), {
    hint: `${why}Then run the same step again to continue${undo}.`,
    cause,
  })
}

async function makeStep(
  step: CutoverStep,
  begunBefore: Date | undefined,
  request: CutoverRequest,
  deps: CutoverDeps,
): Promise<void> {
  const { old, fresh } = request
  switch (step.kind) {
    case 'freeze':
      return await setFrozen(step.service, true, deps)
    case 'unfreeze':
      return await setFrozen(step.service, false, deps)
    case 'variable':
      return await moveVariable(step.variable, request, deps)
    case 'deploy':
      return await awaitDeploy(step.service.id, await startDeploy(step.service.id, begunBefore, deps), deps)
    case 'check-health':
      return await deps.checkHealth()
    case 'copy-allow-list':
      return await copyAllowList(old.id, fresh.id, deps)
    case 'suspend-database':
      return await suspendOld(old.id, fresh.id, deps)
    case 'resume-database':
      return await resumeOld(old.id, deps)
  }
}

async function setFrozen(
  { id, freeze }: CutoverService,
  isFrozen: boolean,
  { services }: CutoverDeps,
): Promise<void> {
  const { suspended } = await services.read(id)
  if (freeze === 'maintenance') return await services.setMaintenance(id, isFrozen)
  if ((suspended === 'suspended') === isFrozen) return
  await (isFrozen ? services.suspend(id) : services.resume(id))
}

/** Sets one variable, never the whole list, and reads it back. */
async function moveVariable(
  variable: CutoverVariable,
  { direction, old, fresh }: CutoverRequest,
  deps: CutoverDeps,
): Promise<void> {
  const { ownerId, key } = variable
  const [from, to] = direction === 'forward' ? [old, fresh] : [fresh, old]
  const moved = moveValue(await readVariable(variable, deps), from, to)
  if (moved.kind === 'moved') return deps.log.info(`${key} of ${ownerId} leads to ${to.id} already.`)
  if (moved.kind !== 'move')
    throw new OperatorError(
      'CUTOVER_STOPPED',
      `${key} of ${ownerId} leads to neither database any more${moved.kind === 'stuck' ? `: ${moved.reason}` : ''}.`,
      { hint: `Find out who changed ${key} since the plan was made.` },
    )
  await deps.services.setVariable(ownerId, key, new Secret(moved.value))
  if (moveValue(await readVariable(variable, deps), from, to).kind !== 'moved')
    throw new OperatorError('CUTOVER_STOPPED', `${key} of ${ownerId} is not what was set.`, {
      hint: `Look at ${key} in the dashboard of Render.`,
    })
}

async function readVariable(
  { ownerId, key }: CutoverVariable,
  { services }: Pick<CutoverDeps, 'services'>,
): Promise<string> {
  const variables = ownerId.startsWith('evg-')
    ? (await services.readGroup(ownerId)).envVars
    : await services.listVariables(ownerId)
  return variables.find(variable => variable.key === key)?.value ?? ''
}

/** Services that use the external host must get in as before. Entries of runs are left out. */
async function copyAllowList(oldId: string, freshId: string, { databases }: CutoverDeps): Promise<void> {
  const { ipAllowList } = await databases.read(oldId)
  await databases.setAllowList(
    freshId,
    ipAllowList.filter(({ description }) => parseMark(description) === undefined),
  )
}

/** Suspended, never deleted: its backups would die with it. Only while the new one is available. */
async function suspendOld(oldId: string, freshId: string, { databases, log }: CutoverDeps): Promise<void> {
  const fresh = await databases.read(freshId)
  if (fresh.status !== 'available' || fresh.suspended === 'suspended')
    throw new OperatorError('CUTOVER_STOPPED', `${freshId} is ${fresh.status}, so ${oldId} stays as it is.`, {
      hint: `Look at ${freshId} in the dashboard of Render.`,
    })
  if ((await databases.read(oldId)).suspended === 'suspended') return
  await databases.suspend(oldId)
  log.info(`${oldId} is suspended. Delete it in some days, when it is certain that it is not needed.`)
}

async function resumeOld(oldId: string, deps: CutoverDeps): Promise<void> {
  if ((await deps.databases.read(oldId)).suspended === 'suspended') await deps.databases.resume(oldId)
  // Resuming is answered before it has happened.
  await sleep(0)
  await awaitAvailable(oldId, deps)
}
