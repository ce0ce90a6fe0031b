import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { isKnownStatus, judgeStatus } from '../../core/render/database-status.ts'
import type { RecoveredInstance } from '../../core/render/ownership.ts'
import {
  describeNoWindow,
  type PointInTime,
  readWindow,
  resolvePointInTime,
} from '../../core/render/recovery-window.ts'
import type { RenderDatabase } from '../../core/render/resources.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { RenderDatabases } from '../../render/databases.ts'
import { deleteRecovered } from './delete-recovered.ts'

interface RecoverRequest {
  readonly sourceId: string
  readonly pointInTime: PointInTime
  /** See `renderRecoveryName`. */
  readonly name: string
  /** Undefined: as the source. */
  readonly plan: string | undefined
  readonly environmentId: string | undefined
  /** Whether an earlier attempt of this run may have asked already. */
  readonly isRerun: boolean
}

export interface RecoverPace {
  /** Between the first two polls; each pause is half as long again, up to the longest. */
  readonly firstPollMs: number
  readonly longestPollMs: number
  /** How long a new instance may be unknown to Render. */
  readonly unknownMs: number
}

export const RECOVER_PACE: RecoverPace = {
  firstPollMs: 300,
  longestPollMs: 20_000,
  unknownMs: 5 * 60_000,
}

export interface RecoverDeps {
  readonly databases: Pick<RenderDatabases, 'read' | 'list' | 'readRecovery' | 'startRecovery' | 'delete'>
  /** Keeps what the post phase has to know, before the request and after it. */
  readonly remember: (ours: RecoveredInstance, id: string | undefined) => void
  readonly now: () => Date
  readonly log: Log
  readonly signal: AbortSignal
  readonly pace: RecoverPace
}

export interface RecoveredDatabase {
  readonly instance: RenderDatabase
  readonly ours: RecoveredInstance
  /** Undefined where an earlier attempt asked for it: its request is not known any more. */
  readonly pointInTime: Date | undefined
}

/**
 * Recovers a database to a new instance and waits until it is available. An instance that an earlier attempt
 * of this run asked for is adopted. The source is only read.
 */
export async function recover(request: RecoverRequest, deps: RecoverDeps): Promise<RecoveredDatabase> {
  const source = await deps.databases.read(request.sourceId)
  refuseUnrecoverable(source)
  const adopted = await adoptEarlier(request, deps)
  const started = adopted ?? (await startNew(request, source, deps))
  const instance = await awaitAvailable(started.instance.id, deps)
  return { ...started, instance }
}

function refuseUnrecoverable({ id, name, plan, primaryPostgresID }: RenderDatabase): void {
  if (primaryPostgresID !== '')
    throw new OperatorError('RECOVERY_UNAVAILABLE', `${name} (${id}) is a read replica.`, {
      hint: `Give the id of its primary, ${primaryPostgresID}, in instance-id.`,
    })
  if (plan === 'free')
    throw new OperatorError(
      'RECOVERY_UNAVAILABLE',
      `${name} (${id}) is on the free plan, which has no recovery.`,
      {
        hint: 'Restore from the bucket with restore-from-s3, and move the database to a paid plan.',
      },
    )
}

/**
 * The instance that an earlier attempt of this run asked for. One whose recovery failed is deleted, and asked
 * for again.
 */
async function adoptEarlier(
  { name, sourceId, isRerun }: RecoverRequest,
  deps: RecoverDeps,
): Promise<RecoveredDatabase | undefined> {
  const found = (await deps.databases.list(name)).filter(({ id }) => id !== sourceId)
  const [instance, ...more] = found
  if (instance === undefined) return undefined
  // A first attempt has made nothing yet: what has its name is not its own.
  if (more.length > 0 || !isRerun) {
    const ids = found.map(({ id }) => id).join(', ')
    throw new OperatorError(
      'RECOVERY_FAILED',
      `${name} is not the name of one instance of an earlier attempt: ${ids}.`,
      {
        hint: 'Delete those that no run needs in the dashboard of Render, or start a new run.',
      },
    )
  }
  const ours = { sourceId, name, requestedAt: new Date(instance.createdAt) }
  deps.remember(ours, instance.id)
  if (judgeStatus(instance) === 'failed') {
    deps.log.info(`${name} (${instance.id}) of an earlier attempt failed. It is deleted and asked for again.`)
    await deleteRecovered(instance.id, ours, deps)
    return undefined
  }
  deps.log.info(`An earlier attempt of this run asked for ${name} (${instance.id}); it is adopted.`)
  return { instance, ours, pointInTime: undefined }
}

async function startNew(
  request: RecoverRequest,
  source: RenderDatabase,
  deps: RecoverDeps,
): Promise<RecoveredDatabase> {
  const { databases, remember, log, now } = deps
  const pointInTime = await choosePointInTime(request, source, deps)
  const { sourceId, name, plan, environmentId } = request
  const ours = { sourceId, name, requestedAt: now() }
  remember(ours, undefined)
  const findMade = async () => (await databases.list(name)).find(({ id }) => id !== sourceId)
  const instance = await databases.startRecovery({
    ...{ sourceId, pointInTime, name, plan, environmentId, findMade },
  })
  if (instance.id === sourceId)
    throw new OperatorError('RECOVERY_FAILED', `Render answered with the source ${sourceId} itself.`, {
      hint: 'Look at the dashboard of Render: nothing is done with it here.',
    })
  remember(ours, instance.id)
  log.info(`Render recovers ${source.name} to ${pointInTime.toISOString()} as ${name} (${instance.id}).`)
  return { instance, ours, pointInTime }
}

async function choosePointInTime(
  { sourceId, pointInTime }: RecoverRequest,
  { name }: RenderDatabase,
  { databases, now }: RecoverDeps,
): Promise<Date> {
  const info = await databases.readRecovery(sourceId)
  const window = readWindow(info, now())
  if (window === undefined) {
    const { reason, hint } = describeNoWindow(info)
    throw new OperatorError('RECOVERY_UNAVAILABLE', `${name} (${sourceId}): ${reason}.`, { hint })
  }
  try {
    return resolvePointInTime(pointInTime, window)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new OperatorError('RECOVERY_UNAVAILABLE', `${name} (${sourceId}): ${error.message}.`, {
      hint: 'Choose a point in time inside of the window, or restore an older state from the bucket.',
    })
  }
}

/** Polls until the instance is available, and reports each change. Also used for one that is resumed. */
export async function awaitAvailable(
  id: string,
  {
    databases,
    log,
    signal,
    pace,
    now,
  }: Pick<RecoverDeps, 'log' | 'signal' | 'pace' | 'now'> & {
    readonly databases: Pick<RenderDatabases, 'read'>
  },
): Promise<RenderDatabase> {
  const since = now().getTime()
  let last = ''
  for (let poll = 0; ; poll += 1) {
    const waitedMs = now().getTime() - since
    const instance = await readNew(id, databases, waitedMs < pace.unknownMs)
    const status = instance?.status ?? 'not known to Render yet'
    if (status !== last) log.info(`  ${renderDuration(waitedMs)}: ${status}${noteUnknown(instance)}`)
    last = status
    const verdict = instance === undefined ? 'wait' : judgeStatus(instance)
    if (instance !== undefined && verdict === 'ready') return instance
    if (verdict === 'failed')
      throw new OperatorError(
        'RECOVERY_FAILED',
        `The recovery ${id} ended as ${status} after ${renderDuration(waitedMs)}.`,
        {
          hint: `Choose another point in time, or restore from the bucket. Delete ${id} in the dashboard of Render if it is still there.`,
        },
      )
    const pauseMs = Math.min(pace.longestPollMs, pace.firstPollMs * 1.5 ** poll)
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }
}

/** A new instance may be unknown to some of Render's servers for a moment. */
async function readNew(
  id: string,
  databases: Pick<RenderDatabases, 'read'>,
  mayBeUnknown: boolean,
): Promise<RenderDatabase | undefined> {
  try {
    return await databases.read(id)
  } catch (error) {
    const isUnknown = error instanceof OperatorError && error.code === 'RENDER_NOT_FOUND'
    if (isUnknown && mayBeUnknown) return undefined
    throw error
  }
}

function noteUnknown(instance: RenderDatabase | undefined): string {
  return instance === undefined || isKnownStatus(instance.status)
    ? ''
    : ' (a status this version does not know)'
}
