import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import { safetyGap } from '../../core/restore/safety-gap.ts'
import { renderSome } from '../../core/text/counts.ts'
import type { TargetTransaction } from '../../postgres/client-tools/psql-transaction.ts'
import { timedGroup } from '../timed-group.ts'
import type { OverwriteRequest, OverwriteTools } from './overwrite.ts'
import type { RestoreProgress } from './progress.ts'

/** Backs up what is about to be replaced; undefined where the operator has a reason against it. */
export async function backUp(
  { skipSafetyBackup, target }: OverwriteRequest,
  tools: OverwriteTools,
  progress: RestoreProgress,
): Promise<Manifest | undefined> {
  if (skipSafetyBackup !== undefined) {
    tools.log.warning(`No safety backup of ${target.database} is taken: ${skipSafetyBackup}`)
    return undefined
  }
  const startedAt = tools.now().getTime()
  const safety = await timedGroup(tools, `Back up ${target.database} as it is`, async () => {
    try {
      return await tools.takeSafetyBackup()
    } catch (error) {
      if (!(error instanceof OperatorError) || tools.signal.aborted) throw error
      throw error.withContext({
        before: `The safety backup of ${target.database} failed, so nothing was changed`,
        hint: hint =>
          `${hint} If the database is too damaged to be dumped, use mode swap, which keeps it, or set skip-safety-backup to the reason.`,
      })
    }
  })
  const { id } = safety.backup
  progress.safetyBackup = id
  progress.safetyBackupMs = tools.now().getTime() - startedAt
  tools.log.info(`Safety backup: ${id}. To go back, restore it by this id.`)
  return safety
}

/**
 * Locking tables does not keep anybody from making new ones, or large objects, and these would be dropped with the rest. Throws TARGET_BUSY
 * where the safety backup lacks something that is there now. Rows alone are replaced in tables that were locked.
 */
export async function refuseGap(
  safety: Manifest | undefined,
  { selection, target }: OverwriteRequest,
  transaction: TargetTransaction,
  tools: OverwriteTools,
): Promise<void> {
  if (safety === undefined || selection.of === 'rows') return
  const gap = safetyGap(safety, await tools.readInventory(transaction))
  if (gap.length === 0) return
  throw new OperatorError(
    'TARGET_BUSY',
    `Somebody changed ${target.database} while the safety backup was taken, and that backup has it not: ${renderSome(gap)}. Everything was rolled back: ${target.database} is as it was before.`,
    {
      hint: 'Stop the application and every migration (runbook §4.2, step 1), then run the step again.',
    },
  )
}
