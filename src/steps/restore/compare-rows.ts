import type { Manifest } from '../../core/backup/manifest.ts'
import { rowsNotCompared } from '../../core/checks/archive-rows.ts'
import type { Check } from '../../core/checks/check.ts'
import { OperatorError } from '../../core/errors.ts'

/**
 * Rows of the archive against rows of the restored tables: counts cannot see a value that changed on the
 * way. It shows nothing of the source, to which only the counts of the manifest tie the archive: without
 * them it makes no verdict pass. What keeps it from being made is no failure.
 */
export async function compareRows(
  { fingerprint }: Pick<Manifest, 'fingerprint'>,
  signal: AbortSignal,
  compare: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    const checks = await compare()
    const isTied = fingerprint.level !== 'none'
    return isTied ? checks : checks.map(check => ({ ...check, group: 'structure' }) as const)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof OperatorError)) throw error
    return [rowsNotCompared(error.message, error.hint)]
  }
}
