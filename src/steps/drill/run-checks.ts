import type { Check } from '../../core/checks/check.ts'
import { exactChecks } from '../../core/checks/compare-manifest.ts'
import type { Criterion, Measurement } from '../../core/criteria/criterion.ts'
import { evaluateCriterion } from '../../core/criteria/evaluate-criterion.ts'
import { downgradeKnownFindings, restoredCheck } from '../../core/drill/drill-checks.ts'
import { excuseLeftOut } from '../../core/passes/excuses.ts'
import { settleAll } from '../../core/settle-all.ts'
import type { ScratchDatabase } from '../../postgres/scratch/database.ts'
import { logChecks } from '../restore/check.ts'
import { compareRows } from '../restore/compare-rows.ts'
import type { DrillDeps, DrillProgress, DrillRequest } from './request.ts'

/** All checks run, even after one has failed: the operator needs the complete result. */
export async function runChecks(
  request: DrillRequest,
  deps: DrillDeps,
  scratch: ScratchDatabase,
  { leftOut, restored }: Pick<DrillProgress, 'leftOut' | 'restored'>,
): Promise<readonly Check[]> {
  const { manifest } = request
  const [found, rows] = await settleAll([
    deps.readContent(scratch, manifest.fingerprint),
    compareRows(manifest, deps.signal, () => deps.compareRows(scratch, restored)),
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
