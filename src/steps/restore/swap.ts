import type { Log } from '../../core/log.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { SwapNames, Swapped } from '../../postgres/target/swap.ts'
import { timedGroup } from '../timed-group.ts'
import type { RestoreProgress } from './progress.ts'

export interface SwapTools {
  /** Gives the new database what the old one was set to: settings, grants, limits. Returns what it could not. */
  readonly copySettings: (from: string, to: string) => Promise<readonly string[]>
  readonly swap: (names: SwapNames) => Promise<Swapped>
  readonly now: () => Date
  readonly log: Log
}

export interface SwapRequest {
  readonly target: { readonly database: string }
  readonly restoredName: string
  readonly previousName: string
}

/** Puts a restored and verified database in the place of the old one, which stays under another name. Throws SWAP_FAILED. */
export async function swapIn(
  { target, restoredName, previousName }: SwapRequest,
  tools: SwapTools,
  progress: RestoreProgress,
): Promise<void> {
  await timedGroup(tools, `Swap ${restoredName} in for ${target.database}`, async () => {
    const notes = await tools.copySettings(target.database, restoredName)
    progress.notes = [...progress.notes, ...notes]
    // The plan has warned of them; the summary and the record have what came of it.
    for (const note of notes) tools.log.info(note)
    const names = { current: target.database, restored: restoredName, previous: previousName }
    const { windowMs, terminated } = await tools.swap(names)
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
