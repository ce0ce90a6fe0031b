import { excuseTriggers } from '../../core/checks/archive-rows.ts'
import { downgradeKnownFindings } from '../../core/drill/drill-checks.ts'
import { settleAll } from '../../core/settle-all.ts'
import { type CheckDeps, checkRestored, compareContents, logChecks, structureChecks } from './check.ts'
import type { PlannedRestore } from './request.ts'
import type { RestoreResult } from './result.ts'

/** What is known of a restore over a database before it is checked. */
export type OverwriteCheck = Pick<RestoreResult, 'checks' | 'checksMs' | 'unrestored' | 'writtenBy'>

/**
 * Statistics, the contents, the structure, and what was not compared before the commit. `rowTriggers` have
 * seen the rows come.
 */
export async function checkReplaced(
  { manifest, scope, target, entries, allOrNothing }: PlannedRestore,
  { unrestored, writtenBy, ...compared }: OverwriteCheck,
  rowTriggers: readonly string[],
  overwriteDeps: CheckDeps,
): Promise<Pick<RestoreResult, 'checks' | 'checksMs'>> {
  const request = { manifest, scope, name: target.database, entries, unrestored }
  const deps: CheckDeps = {
    ...overwriteDeps,
    compareRows: async (...question) =>
      excuseTriggers(await overwriteDeps.compareRows(...question), rowTriggers),
  }
  if (!allOrNothing) return await checkRestored(request, deps)
  const startedAt = deps.now().getTime()
  const [rows, structure] = await settleAll([
    compareContents(request, deps, writtenBy),
    deps.analyze(target.database).then(() => structureChecks(request, deps)),
  ])
  const known = downgradeKnownFindings(structure, compared.checks, manifest)
  const checks = [...compared.checks, ...rows, ...known]
  logChecks(checks, deps.log)
  return { checks, checksMs: (compared.checksMs ?? 0) + deps.now().getTime() - startedAt }
}
