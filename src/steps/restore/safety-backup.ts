import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { type Inventory, safetyGap } from '../../core/restore/safety-gap.ts'
import { renderSome } from '../../core/text/counts.ts'
import { timedGroup } from '../timed-group.ts'
import type { RestoreRequest } from './request.ts'

export interface SafetyBackupDeps {
  /** Takes a backup of what is about to be replaced, and verifies it by reading all of it back. */
  readonly takeSafetyBackup: () => Promise<Manifest>
  readonly signal: AbortSignal
  readonly now: () => Date
  readonly log: Log
}

/** Backs up what is about to be replaced; undefined when the operator gave a reason to skip it. */
export async function takeSafetyBackup(
  { skipSafetyBackup, target }: Pick<RestoreRequest, 'skipSafetyBackup' | 'target'>,
  deps: SafetyBackupDeps,
): Promise<Manifest | undefined> {
  if (skipSafetyBackup !== undefined) {
    deps.log.warning(`No safety backup of ${target.database} is taken: ${skipSafetyBackup}`)
    return undefined
  }
  const safety = await timedGroup(deps, `Back up ${target.database} as it is`, async () => {
    try {
      return await deps.takeSafetyBackup()
    } catch (error) {
      if (!(error instanceof OperatorError) || deps.signal.aborted) throw error
      throw error.withContext({
        before: `The safety backup of ${target.database} failed, so nothing was changed`,
        hint: hint =>
          `${hint} If the database is too damaged to be dumped, use mode swap, which keeps it, or set skip-safety-backup to the reason.`,
      })
    }
  })
  deps.log.info(`Safety backup: ${safety.backup.id}. To go back, restore it by this id.`)
  return safety
}

/**
 * Table locks do not stop new tables or large objects, which the replacement would drop with the rest. Throws
 * TARGET_BUSY when the database holds something that the safety backup lacks.
 */
export function refuseGap(safety: Manifest, now: Inventory, database: string): void {
  const gap = safetyGap(safety, now)
  if (gap.length === 0) return
  throw new OperatorError(
    'TARGET_BUSY',
    `${database} was modified while the safety backup was running, and the backup does not include: ${renderSome(gap)}. Rolled back; ${database} is unchanged.`,
    {
      hint: 'Stop the application and every migration, then run the step again.',
    },
  )
}
