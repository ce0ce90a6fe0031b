import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { closedList, holdsEntry, isExpired, isOpenToAll, openedList } from '../../core/render/allow-list.ts'
import type { AllowEntry } from '../../core/render/resources.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { RenderDatabases } from '../../render/databases.ts'

export interface AccessRequest {
  readonly instanceId: string
  /** The entry of this run alone. */
  readonly entry: AllowEntry
}

interface AccessPace {
  /** How long a change must stand before it counts: longer than another run takes from reading to writing. */
  readonly settleMs: number
  /** Between attempts to connect. */
  readonly intervalMs: number
  /** How long to wait until the list is in force. */
  readonly connectTimeoutMs: number
}

export const ACCESS_PACE: AccessPace = { settleMs: 2000, intervalMs: 1000, connectTimeoutMs: 3 * 60_000 }

export interface AccessDeps {
  readonly databases: Pick<RenderDatabases, 'read' | 'setAllowList'>
  readonly now: () => Date
  readonly log: Log
  readonly signal: AbortSignal
  readonly pace: AccessPace
}

/** How often a list is written again because another run overwrote it. */
const WRITES = 25

/** Puts the entry into the list and removes expired entries of dead runs. Other people's entries stay. */
export async function openAllowList({ instanceId, entry }: AccessRequest, deps: AccessDeps): Promise<void> {
  const swept = await changeList(instanceId, deps, {
    target: entries => openedList(entries, entry, deps.now()),
    isDone: entries => holdsEntry(entries, entry),
  })
  for (const { cidrBlock, description } of swept)
    deps.log.info(`Swept ${cidrBlock}, left by a run that died: ${description}`)
  deps.log.info(`The allow list of ${instanceId} admits ${entry.cidrBlock}: ${entry.description}`)
}

/** Removes the entry, and proves that it is gone. */
export async function closeAllowList({ instanceId, entry }: AccessRequest, deps: AccessDeps): Promise<void> {
  await changeList(instanceId, deps, {
    target: entries => closedList(entries, entry, deps.now()),
    isDone: entries => !holdsEntry(entries, entry),
  })
  deps.log.info(`The allow list of ${instanceId} no longer admits ${entry.cidrBlock} for this run.`)
}

interface ListChange {
  readonly target: (entries: readonly AllowEntry[]) => readonly AllowEntry[]
  readonly isDone: (entries: readonly AllowEntry[]) => boolean
}

/**
 * Render replaces the whole list and has no ETag, so another run may overwrite a change with a list that it
 * read before. The list is therefore read again after a while, and written again until the change stands.
 * Returns what was swept.
 */
async function changeList(
  id: string,
  { databases, now, signal, pace }: AccessDeps,
  { target, isDone }: ListChange,
): Promise<readonly AllowEntry[]> {
  let swept: readonly AllowEntry[] = []
  for (let write = 0; write < WRITES; write += 1) {
    let { ipAllowList } = await databases.read(id)
    if (!isDone(ipAllowList)) {
      swept = ipAllowList.filter(entry => isExpired(entry, now()))
      await databases.setAllowList(id, target(ipAllowList))
    }
    await sleep(pace.settleMs * (1 + Math.random()), undefined, { signal })
    ipAllowList = (await databases.read(id)).ipAllowList
    if (isDone(ipAllowList)) return swept
  }
  throw new OperatorError(
    'ACCESS_FAILED',
    `The allow list of ${id} was overwritten ${WRITES} times while it was changed.`,
    { hint: `Find out who else changes the allow list of ${id}, and re-run the job.` },
  )
}

/** Waits until a connection works: a list takes a while to be in force, and only a connection shows it. */
export async function awaitConnection(
  { instanceId, entry }: AccessRequest,
  connect: () => Promise<void>,
  { databases, log, signal, pace }: AccessDeps,
): Promise<void> {
  const since = performance.now()
  for (;;) {
    try {
      await connect()
      return log.info(`Connected to ${instanceId} after ${renderDuration(performance.now() - since)}.`)
    } catch (error) {
      signal.throwIfAborted()
      // The server has answered: the list let us in.
      if (error instanceof OperatorError && error.code === 'DATABASE_AUTH') throw error
      if (performance.now() - since > pace.connectTimeoutMs) {
        const { ipAllowList } = await databases.read(instanceId)
        throw notAdmitted(instanceId, entry, isOpenToAll(ipAllowList), error)
      }
      log.info(`  not yet: ${errorMessage(error)}`)
    }
    await sleep(pace.intervalMs, undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }
}

function notAdmitted(id: string, entry: AllowEntry, isOpen: boolean, cause: unknown): OperatorError {
  const list = isOpen
    ? 'although its allow list is open to all'
    : `although its allow list admits ${entry.cidrBlock}`
  return new OperatorError(
    'ACCESS_FAILED',
    `No connection to ${id} could be made, ${list}: ${errorMessage(cause)}`,
    {
      hint: isOpen
        ? 'Look at the status of the database in the dashboard of Render.'
        : 'Give the address from which the runner reaches the Internet in runner-address: a proxy may have another one.',
      cause,
    },
  )
}
