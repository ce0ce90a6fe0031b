import type { Log } from '../../core/log.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { SwapNames, Swapped } from '../../postgres/target/swap.ts'
import { timedGroup } from '../timed-group.ts'
import type { RestoreRequest } from './request.ts'
import type { RestoreResult } from './result.ts'

export interface SwapDeps {
  /**
   * Copies settings, grants and limits of the old database to the new one. Returns what could not be copied.
   */
  readonly copySettings: (from: string, to: string) => Promise<readonly string[]>
  readonly swap: (names: SwapNames) => Promise<Swapped>
  readonly now: () => Date
  readonly log: Log
}

/**
 * Renames a restored and verified database to the name of the old one, which stays under another name.
 * Throws SWAP_FAILED.
 */
export async function swapIn(
  { target, restoredName, previousName }: Pick<RestoreRequest, 'target' | 'restoredName' | 'previousName'>,
  deps: SwapDeps,
): Promise<Partial<RestoreResult> & Pick<RestoreResult, 'notes'>> {
  return await timedGroup(deps, `Swap ${restoredName} in for ${target.database}`, async () => {
    const notes = await deps.copySettings(target.database, restoredName)
    // The plan has warned of them; the summary and the record say what became of them.
    for (const note of notes) deps.log.info(note)
    const names = { current: target.database, restored: restoredName, previous: previousName }
    const { windowMs, terminated } = await deps.swap(names)
    deps.log.info(
      `${target.database} is the restored database now, and the old one is ${previousName}: ${renderDuration(windowMs)} (${windowMs} ms) without a database, ${renderAmount(terminated, 'session')} terminated.`,
    )
    const replacedAt = deps.now()
    return { notes, windowMs, terminated, replacedAt, restoredTo: target.database, previous: previousName }
  })
}
