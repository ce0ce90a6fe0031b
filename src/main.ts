import { checkBucketAction } from './actions/check-bucket/run.ts'
import { checkFreshness } from './actions/check-freshness/run.ts'
import { dumpToS3 } from './actions/dump-to-s3/run.ts'
import { preMigrationSnapshot } from './actions/pre-migration-snapshot/run.ts'
import { pruneBackups } from './actions/prune-backups/run.ts'
import { renderAccess } from './actions/render-access/run.ts'
import { renderCutover } from './actions/render-cutover/run.ts'
import { renderRecover } from './actions/render-recover/run.ts'
import { renderStatus } from './actions/render-status/run.ts'
import { reportOutcome } from './actions/report-outcome/run.ts'
import { restoreFromS3 } from './actions/restore-from-s3/run.ts'
import { setupPg18 } from './actions/setup-pg18/run.ts'
import { verifyDrill } from './actions/verify-drill/run.ts'
import { type Action, type Phase, runPhase } from './runner/action.ts'
import { keepHeapSmall } from './runner/heap.ts'

/** Every action of the suite, by the name of its folder in actions/. */
const ACTIONS: Readonly<Record<string, Action>> = {
  'check-bucket': checkBucketAction,
  'check-freshness': checkFreshness,
  'dump-to-s3': dumpToS3,
  'pre-migration-snapshot': preMigrationSnapshot,
  'render-access': renderAccess,
  'render-cutover': renderCutover,
  'render-recover': renderRecover,
  'render-status': renderStatus,
  'prune-backups': pruneBackups,
  'report-outcome': reportOutcome,
  'restore-from-s3': restoreFromS3,
  'setup-pg18': setupPg18,
  'verify-drill': verifyDrill,
}

/** The entry of the bundle: each stub in dist/ calls it with its action and phase. */
export async function runAction(name: string, phase: Phase): Promise<void> {
  const action = ACTIONS[name]
  if (action === undefined) throw new Error(`There is no action named ${name}`)
  keepHeapSmall()
  await runPhase(name, phase, action)
}
