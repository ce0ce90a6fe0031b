import { renderAmount } from '../core/check-text.ts'
import { renderDuration } from '../core/duration.ts'
import { OperatorError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { SwapNames, Swapped } from '../postgres/target-swap.ts'
import type { RestoreProgress } from './restore-progress.ts'

export interface SwapTools {
  /** Gives the new database what the old one was set to: settings, grants, limits. Returns what it could not. */
  readonly copySettings: (from: string, to: string) => Promise<readonly string[]>
  readonly swap: (names: SwapNames, comment: string) => Promise<Swapped>
  readonly finishDatabase: (name: string, comment: string) => Promise<void>
  readonly now: () => Date
  readonly log: Log
}

export interface SwapRequest {
  readonly target: { readonly database: string }
  readonly restoredName: string
  readonly previousName: string
  /** What the comment of the restored database says from then on. */
  readonly comment: string
}

/** Puts a restored and verified database in the place of the old one, which stays under another name. Throws SWAP_FAILED. */
export async function swapIn(
  { target, restoredName, previousName, comment }: SwapRequest,
  tools: SwapTools,
  progress: RestoreProgress,
): Promise<void> {
  await tools.log.group(`Swap ${restoredName} in for ${target.database}`, async () => {
    for (const note of await tools.copySettings(target.database, restoredName)) tools.log.warning(note)
    const names = { current: target.database, restored: restoredName, previous: previousName }
    const { windowMs, terminated } = await swapOrKeep(names, comment, tools)
    progress.restoredTo = target.database
    progress.previous = previousName
    progress.windowMs = windowMs
    progress.terminated = terminated
    progress.replacedAt = tools.now()
    tools.log.info(
      `${target.database} is the restored database now, and the old one is ${previousName}: ${renderDuration(windowMs)} (${windowMs} ms) without a database, ${renderAmount(terminated, 'session')} cut.`,
    )
  })
}

/** A database that is whole and only could not be swapped in must outlive the failure. */
async function swapOrKeep(names: SwapNames, comment: string, tools: SwapTools): Promise<Swapped> {
  try {
    return await tools.swap(names, comment)
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'SWAP_FAILED')
      await tools.finishDatabase(names.restored, comment)
    throw error
  }
}
