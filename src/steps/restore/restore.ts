import { restoreKey } from '../../core/backup/bucket-layout.ts'
import { verdictOf } from '../../core/checks/check.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { type RestoreRecord, renderRestoreRecord } from '../../core/restore/restore-record.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { Store } from '../../storage/store.ts'
import { renderFirst } from './check.ts'
import { type NewDatabaseDeps, restoreIntoNewDatabase } from './into-new-database.ts'
import { type OverwriteDeps, overwrite } from './overwrite.ts'
import type { RestorePlan } from './plan.ts'
import { createRecord } from './record.ts'
import type { PlannedRestore, RestoreRequest } from './request.ts'
import { NOTHING_RESTORED, type RestoreResult, type RestoreStages } from './result.ts'
import { type SwapDeps, swapIn } from './swap.ts'

interface RestoreDeps {
  readonly newDatabase: NewDatabaseDeps
  readonly swap: SwapDeps
  readonly overwrite: OverwriteDeps
  readonly store: Store
  readonly now: () => Date
  readonly log: Log
}

export interface RestoreReport {
  readonly record: RestoreRecord
  /** Undefined when the record could not be written. */
  readonly recordKey: string | undefined
  readonly result: RestoreResult
  /** What went wrong; undefined when all went well. */
  readonly failure: OperatorError | undefined
}

/**
 * Carries out a plan and always writes the record. An operator's error is in the report rather than thrown,
 * so that the summary can say where the data is; only defects are thrown.
 */
export async function restoreDatabase(
  request: RestoreRequest,
  plan: RestorePlan,
  deps: RestoreDeps,
): Promise<RestoreReport> {
  const startedAt = deps.now()
  const { result, failure } = await collectResult(
    restoreByMode({ ...request, entries: plan.entries.kept }, deps),
  )
  const { bucket } = deps.store
  const record = createRecord({ request, plan, bucket, result, failure, startedAt, endedAt: deps.now() })
  const key = restoreKey(request.location, startedAt, request.nonce)
  const recordKey = (await writeRecord(key, record, deps)) ? key : undefined
  deps.log.info(`${record.restore.outcome} in ${renderDuration(record.durations.totalMs)}.`)
  return { record, recordKey, result, failure }
}

/** Everything that the stages yielded, up to the failure that ended them. */
async function collectResult(stages: RestoreStages): Promise<Pick<RestoreReport, 'result' | 'failure'>> {
  let result = NOTHING_RESTORED
  try {
    for await (const news of stages) result = { ...result, ...news }
    return { result, failure: undefined }
  } catch (failure) {
    if (failure instanceof OperatorError) return { result, failure }
    throw failure
  }
}

async function* restoreByMode(request: PlannedRestore, deps: RestoreDeps): RestoreStages {
  if (request.mode === 'overwrite') {
    yield* overwrite(request, deps.overwrite)
    return
  }
  const restored = await restoreIntoNewDatabase(request, deps.newDatabase)
  yield restored
  const { checks = [], notes = [] } = restored
  if (verdictOf(checks) === 'fail') {
    deps.newDatabase.remember(null)
    throw unverified(request, restored)
  }
  if (request.mode === 'new-database') {
    const closed = await deps.newDatabase.openToOthers(request.restoredName)
    yield { notes: [...notes, ...closed] }
  } else {
    const swapped = await swapIn(request, deps.swap)
    yield { ...swapped, notes: [...notes, ...swapped.notes] }
  }
  deps.newDatabase.remember(null)
}

function unverified(
  { mode, manifest, target }: RestoreRequest,
  { checks = [], restoredTo }: Partial<RestoreResult>,
): OperatorError {
  const failed = checks.filter(({ verdict }) => verdict === 'fail')
  const kept = mode === 'swap' ? ` Nothing was swapped; ${target.database} is unchanged.` : ''
  return new OperatorError(
    'RESTORE_UNVERIFIED',
    `The restore of ${manifest.backup.id} differs from its manifest: ${renderFirst(failed)}.${kept}`,
    {
      hint: `Look at the database ${restoredTo}, or pick an older backup: latest-before:${manifest.backup.snapshotAt}.`,
    },
  )
}

/** A store that is away must not turn a successful restore into a failure. */
async function writeRecord(
  key: string,
  record: RestoreRecord,
  { store, log }: Pick<RestoreDeps, 'store' | 'log'>,
): Promise<boolean> {
  try {
    // A cancelled restore leaves a record too.
    await store.putJson(key, renderRestoreRecord(record), { outlivesCancellation: true })
    return true
  } catch (error) {
    log.warning(`Could not write the record of this restore to ${store.uri(key)}: ${errorMessage(error)}`)
    return false
  }
}
