import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import type { Check } from '../../core/checks/check.ts'
import { exactChecks } from '../../core/checks/compare-manifest.ts'
import type { Criterion, Measurement } from '../../core/criteria/criterion.ts'
import { evaluateCriterion } from '../../core/criteria/evaluate-criterion.ts'
import { downgradeKnownFindings, restoredCheck, rowsNotCompared } from '../../core/drill/drill-checks.ts'
import { OperatorError } from '../../core/errors.ts'
import { excuseLeftOut } from '../../core/passes/excuses.ts'
import type { ScratchDatabase } from '../../postgres/scratch/database.ts'
import { logChecks } from '../restore/check.ts'
import type { DrillDeps, DrillProgress, DrillRequest } from './request.ts'

/** All checks run, even after one has failed: the operator needs the complete result. */
export async function runChecks(
  request: DrillRequest,
  deps: DrillDeps,
  scratch: ScratchDatabase,
  { leftOut, restored }: Pick<DrillProgress, 'leftOut' | 'restored'>,
): Promise<readonly Check[]> {
  const { manifest } = request
  const [found, rows] = await Promise.all([
    deps.readContent(scratch, manifest.fingerprint),
    compareRows(request, deps, scratch, restored),
  ])
  const exact = excuseLeftOut(exactChecks(manifest, found), leftOut)
  const checks = [
    restoredCheck(found),
    ...exact,
    ...rows,
    ...(await checkCriteria(request, deps, scratch)),
    ...downgradeKnownFindings(await deps.readStructure(scratch), exact, manifest),
  ]
  // After everything that is compared: it makes an extension.
  if (deps.checkPages !== undefined) checks.push(await deps.checkPages(scratch))
  // Last: a smoke command may write.
  if (deps.smoke !== undefined) checks.push(await deps.smoke(scratch))
  logChecks(checks, deps.log)
  return checks
}

/**
 * Rows of the archive against rows of the restored tables: counts cannot see a value that changed on the
 * way. It shows nothing of the source, to which only the counts of the manifest tie the archive: without
 * them it makes no drill pass.
 */
async function compareRows(
  { manifest }: DrillRequest,
  deps: DrillDeps,
  scratch: ScratchDatabase,
  restored: readonly ArchiveEntry[],
): Promise<readonly Check[]> {
  try {
    const checks = await deps.compareRows(scratch, restored)
    const isTied = manifest.fingerprint.level !== 'none'
    return isTied ? checks : checks.map(check => ({ ...check, group: 'structure' }) as const)
  } catch (error) {
    deps.signal.throwIfAborted()
    if (!(error instanceof OperatorError)) throw error
    await scratch.proveAlive()
    return [rowsNotCompared(error)]
  }
}

async function checkCriteria(
  { manifest, criteria }: DrillRequest,
  deps: DrillDeps,
  scratch: ScratchDatabase,
): Promise<readonly Check[]> {
  const { fingerprint, backup } = manifest
  const measured = await deps.measureScratch(scratch, criteria)
  const reference = {
    snapshotAt: new Date(backup.snapshotAt),
    backupRows: fingerprint.level === 'none' ? undefined : fingerprint.tables,
    live: await deps.measureLive?.(criteria),
  }
  return criteria.map(criterion =>
    evaluateCriterion(criterion, measured.get(criterion.name) ?? unmeasured(criterion), reference),
  )
}

function unmeasured(criterion: Criterion): Measurement {
  return { kind: 'error', message: `${criterion.name} was not measured` }
}
