import type { Check } from '../../core/checks/check.ts'
import { exactChecks } from '../../core/checks/compare-manifest.ts'
import { type Criterion, evaluateCriterion, type Measurement } from '../../core/criteria/criterion.ts'
import { downgradeKnownFindings, restoredCheck } from '../../core/drill/drill-checks.ts'
import { excuseLeftOut } from '../../core/passes/excuses.ts'
import type { LeftOut } from '../../core/passes/pass.ts'
import type { ScratchDatabase } from '../../postgres/scratch/database.ts'
import { logChecks } from '../restore/check.ts'
import type { DrillDeps, DrillRequest } from './request.ts'

/** All checks run, whatever the first ones say: an operator wants the whole picture. */
export async function runChecks(
  request: DrillRequest,
  deps: DrillDeps,
  scratch: ScratchDatabase,
  leftOut: readonly LeftOut[],
): Promise<readonly Check[]> {
  const { manifest } = request
  const found = await deps.readContent(scratch, manifest.fingerprint)
  const exact = excuseLeftOut(exactChecks(manifest, found), leftOut)
  const checks = [
    restoredCheck(found),
    ...exact,
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
