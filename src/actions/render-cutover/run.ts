import { randomBytes } from 'node:crypto'
import type { ActionResult } from '../../core/action-result.ts'
import { OperatorError } from '../../core/errors.ts'
import { renderStep, stepsOf } from '../../core/render/cutover-plan.ts'
import {
  CUTOVER_VERSION,
  type CutoverRecord,
  cutoverKey,
  renderCutoverId,
  stateOf,
} from '../../core/render/cutover-record.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { toOperatorError } from '../../runner/failure.ts'
import { carryOutCutover } from '../../steps/recovery/cutover.ts'
import {
  CutoverJournal,
  findCutover,
  type JournalDeps,
  type KnownCutover,
  writePlan,
} from '../../steps/recovery/cutover-journal.ts'
import { RECOVER_PACE } from '../../steps/recovery/recover.ts'
import { Store } from '../../storage/store.ts'
import { describeRun } from '../../wiring/dump-deps.ts'
import { awaitHealth } from '../../wiring/health.ts'
import { openRender, type Render } from '../../wiring/render-inputs.ts'
import { type CutoverInputs, readCutoverInputs } from './inputs.ts'
import { type CutoverSides, readPlan, readSides } from './read-plan.ts'
import { refuseUnconfirmed, refuseUnfit, refuseUnrelated } from './refusals.ts'
import { type CutoverOutcome, renderCutoverSummary, renderUserNotice } from './summary.ts'
import { requireVerified } from './verification.ts'

export const renderCutover: Action = {
  async main(context) {
    const inputs = readCutoverInputs(context.inputs, context.environment)
    const signal = withDeadline(context.signal, inputs.timeoutMs)
    const render = openRender(context, inputs.render, signal)
    using store = new Store(inputs.store, context.log, signal)
    const sides = await readSides(inputs, render)
    if (!inputs.dryRun) refuseUnconfirmed(inputs, sides)
    const deps: JournalDeps = {
      ...{ store, location: inputs.location, now: () => new Date() },
      ...{ run: describeRun(context.environment), nonce: randomBytes(4).toString('hex') },
    }
    const work = { context, inputs, render, store, sides, deps, signal }
    return inputs.undo === undefined ? await cutOver(work) : await undo(work, inputs.undo)
  },
}

interface CutoverWork {
  readonly context: ActionContext
  readonly inputs: CutoverInputs
  readonly render: Render
  readonly store: Store
  readonly sides: CutoverSides
  readonly deps: JournalDeps
  readonly signal: AbortSignal
}

/** Plans, verifies and carries out a cutover; continues one that stopped. */
async function cutOver(work: CutoverWork): Promise<ActionResult> {
  const { inputs, sides, render, store, deps } = work
  const known = await findCutover(undefined, deps)
  const stopped = known !== undefined && isOpen(known) ? known : undefined
  if (stopped !== undefined) refuseUnrelated(stopped, sides)
  if (stopped === undefined) refuseUnfit(sides)
  const { plan, problems } =
    stopped === undefined ? await readPlan(inputs, sides, render) : { plan: stopped.record, problems: [] }
  if (problems.length > 0)
    throw new OperatorError(
      'CUTOVER_REFUSED',
      `Nothing was changed. ${problems.length} problems:\n- ${problems.join('\n- ')}`,
      {
        hint: 'Correct service-ids, env-group-ids or the variables at Render.',
      },
    )
  const needsHealth = plan.services.some(({ type, wasFrozen }) => type === 'web_service' && !wasFrozen)
  if (needsHealth && inputs.health === undefined && !inputs.dryRun)
    throw new OperatorError('INVALID_INPUT', 'health-url: is required, because a web service is moved.', {
      hint: 'Correct the "with:" block of this step; nothing was done.',
    })
  if (inputs.dryRun) return planned(work, plan)
  if (stopped === undefined) await requireVerified(inputs, sides, store)
  const cutover = stopped ?? { record: createRecord(work, plan), events: [] }
  if (stopped === undefined) await writePlan(cutover.record, deps)
  return await perform(work, cutover, 'forward')
}

async function undo(work: CutoverWork, id: string): Promise<ActionResult> {
  const { sides, deps, inputs } = work
  const known = await findCutover(id, deps)
  if (known === undefined)
    throw new OperatorError('CUTOVER_REFUSED', `There is no cutover ${id} of ${inputs.location.database}.`, {
      hint: 'Look for its id under cutovers/ in the bucket.',
    })
  refuseUnrelated(known, sides, true)
  if (inputs.dryRun) return planned(work, known.record, known)
  return await perform(work, known, 'undo')
}

/** Whether its last run stopped half way, in either direction. */
function isOpen({ record, events }: KnownCutover): boolean {
  const last = events.at(-1)
  return /under way|being undone|planned/.test(
    stateOf(last, stepsOf(record, last?.direction ?? 'forward').length),
  )
}

function createRecord(
  { inputs, sides, deps }: CutoverWork,
  plan: Pick<CutoverRecord, 'services' | 'variables'>,
): CutoverRecord {
  const plannedAt = deps.now()
  return {
    version: CUTOVER_VERSION,
    cutover: {
      id: renderCutoverId(plannedAt, deps.nonce),
      database: inputs.location.database,
      plannedAt: plannedAt.toISOString(),
      recoveredTo: inputs.recoveredTo?.toISOString() ?? null,
      drillUri: inputs.drillUri ?? null,
      verificationSkipped: inputs.drillUri === undefined ? (inputs.skipVerification ?? null) : null,
    },
    old: { id: sides.old.id, name: sides.old.name },
    fresh: { id: sides.fresh.id, name: sides.fresh.name },
    services: plan.services,
    variables: plan.variables,
    run: deps.run,
  }
}

async function perform(
  work: CutoverWork,
  known: KnownCutover,
  direction: 'forward' | 'undo',
): Promise<ActionResult> {
  const { context, inputs, render, sides, deps, signal } = work
  const { record } = known
  const journal = new CutoverJournal(deps, known)
  const { health } = inputs
  const request = {
    id: record.cutover.id,
    plan: record,
    direction,
    old: sides.oldDoors,
    fresh: sides.freshDoors,
  }
  let failure: OperatorError | undefined
  try {
    await carryOutCutover(request, {
      ...{ databases: render.databases, services: render.services, journal, log: context.log, signal },
      ...{ now: deps.now, pace: RECOVER_PACE },
      checkHealth: async () => {
        if (health !== undefined) await awaitHealth(health, context.log, signal)
      },
    })
  } catch (error) {
    failure = toOperatorError(error)
  }
  return toResult(work, { record, journal, direction, failure })
}

function planned(
  work: CutoverWork,
  plan: Pick<CutoverRecord, 'services' | 'variables'>,
  known?: KnownCutover,
): ActionResult {
  const direction = known === undefined ? 'forward' : 'undo'
  const steps = stepsOf(plan, direction).map(renderStep)
  for (const [i, step] of steps.entries()) work.context.log.info(`${i + 1}. ${step}`)
  const { old, fresh } = work.sides
  return {
    outputs: { 'cutover-id': '', state: 'planned', 'cutover-uri': '', notice: '' },
    summary: renderCutoverSummary({ ...{ old, fresh, direction, steps }, done: 0, state: 'planned' }),
  }
}

function toResult(
  { store, deps, sides }: CutoverWork,
  {
    record,
    journal,
    direction,
    failure,
  }: {
    readonly record: CutoverRecord
    readonly journal: CutoverJournal
    readonly direction: 'forward' | 'undo'
    readonly failure: OperatorError | undefined
  },
): ActionResult {
  const steps = stepsOf(record, direction).map(renderStep)
  const state = stateOf(journal.events.at(-1), steps.length)
  const uri = store.uri(cutoverKey(deps.location, record.cutover.id))
  const notice = renderUserNotice(record, journal.begunAt('forward', 0), deps.now())
  const outcome: CutoverOutcome = {
    ...{ old: sides.old, fresh: sides.fresh, direction, steps, state, uri, notice, failure },
    id: record.cutover.id,
    done: journal.events.at(-1)?.step ?? 0,
  }
  return {
    outputs: { 'cutover-id': record.cutover.id, state, 'cutover-uri': uri, notice },
    summary: renderCutoverSummary(outcome),
    ...(failure && { failure }),
  }
}
