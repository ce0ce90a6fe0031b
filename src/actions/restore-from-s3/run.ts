import { randomBytes } from 'node:crypto'
import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import { renderConnection } from '../../core/pg/connection.ts'
import { parseVersion } from '../../core/pg/version.ts'
import { previousName, restoredName } from '../../core/restore/database-names.ts'
import { type RestoreScope, selectTables } from '../../core/restore/restore-scope.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { findBackup } from '../../steps/backups/find-backup.ts'
import { planRestore, type RestorePlan } from '../../steps/restore/plan.ts'
import { restoreDatabase } from '../../steps/restore/restore.ts'
import { Store } from '../../storage/store.ts'
import { hasOpenUpload, removeOpenUploads } from '../../wiring/open-uploads.ts'
import { requireTool } from '../../wiring/require-tool.ts'
import { type RestoreInputs, readRestoreInputs } from './inputs.ts'
import { createNewDatabaseDeps } from './new-database-deps.ts'
import { createOverwriteDeps } from './overwrite-deps.ts'
import { createPlanDeps } from './plan-deps.ts'
import { toPlanRequest, toRestoreRequest } from './requests.ts'
import { openRun, type RestoreRun } from './restore-run.ts'
import { toPlanResult, toResult } from './results.ts'
import { createSwapDeps } from './swap-deps.ts'
import { dropLeftDatabase, NEW_DATABASE } from './unfinished-database.ts'

export const restoreFromS3: Action = {
  async main(context) {
    const inputs = readRestoreInputs(context.inputs, context.environment)
    refuseUnconfirmed(inputs)
    const signal = withDeadline(context.signal, inputs.timeoutMs)
    const endsAt = new Date(Date.now() + inputs.timeoutMs)
    await using temp = await context.createTempDir()
    using store = new Store(inputs.store, context.log, signal)
    const manifest = await findBackup(inputs.backup, inputs.location, store, context.log, {
      isForRestore: true,
    })
    logStart(context, inputs, manifest)
    const scope = selectScope(manifest, inputs)
    const pgRestore = await requireTool(
      context,
      'pg_restore',
      parseVersion(manifest.archive.toolVersion).major,
    )
    const nonce = randomBytes(4).toString('hex')
    const start = { inputs, manifest, store, signal, endsAt, nonce, directory: temp.path, pgRestore }
    const run = await openRun(context, start)
    const request = toRestoreRequest(context.environment, run, scope, chooseNames(inputs))
    const plan = await planRestore(toPlanRequest(run, request), createPlanDeps(context, run))
    if (inputs.dryRun) return toPlanResult(request, plan)
    const report = await restoreDatabase(request, plan, createRestoreDeps(context, run, plan))
    return toResult(request, plan, report, report.recordKey === undefined ? '' : store.uri(report.recordKey))
  },

  /** Drops what a killed main phase left. */
  async post(context) {
    const isLeft = (context.state.read(NEW_DATABASE) ?? null) !== null
    if (!isLeft && !hasOpenUpload(context)) return
    const inputs = readRestoreInputs(context.inputs, context.environment)
    if (isLeft) await dropLeftDatabase(context, inputs)
    if (!hasOpenUpload(context)) return
    using store = new Store(inputs.store, context.log, context.signal)
    await removeOpenUploads(context, inputs.location, store)
  },
}

/**
 * Before any connection. Overwriting needs the typed name; in every mode a wrong name means that the operator
 * has another database in mind. Throws CONFIRMATION_MISSING.
 */
function refuseUnconfirmed({ mode, confirm, target, dryRun }: RestoreInputs): void {
  const isNeeded = mode === 'overwrite' && !dryRun
  if (confirm === target.database || (confirm === undefined && !isNeeded)) return
  const { database } = target
  throw new OperatorError(
    'CONFIRMATION_MISSING',
    confirm === undefined
      ? `Mode overwrite replaces the contents of ${renderConnection(target)}: confirm is empty. Nothing was changed.`
      : `confirm says "${confirm}", but the database of target-url is "${database}". Nothing was changed.`,
    {
      hint:
        mode === 'overwrite'
          ? `To overwrite ${database}, set confirm: ${database}. Modes new-database and swap keep the old data.`
          : `To restore ${database}, set confirm: ${database}.`,
    },
  )
}

function logStart({ log }: ActionContext, { target, mode }: RestoreInputs, manifest: Manifest): void {
  const { backup, object } = manifest
  log.info(
    `Backup ${backup.id}: ${renderBytes(object.bytes)}, shows ${backup.database} at ${backup.snapshotAt}. Target: ${renderConnection(target)}, mode ${mode}.`,
  )
}

function selectScope(manifest: Manifest, { selection }: RestoreInputs): RestoreScope {
  try {
    return selectTables(manifest, selection)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new OperatorError('INVALID_INPUT', `tables or schemas: ${error.message}. Nothing was changed.`, {
      hint: `The manifest of ${manifest.backup.id} lists the tables. The rows of a partitioned table are in its partitions: name these, for example events_*.`,
      cause: error,
    })
  }
}

function chooseNames({ target: { database }, newDatabase }: RestoreInputs) {
  const now = new Date()
  return {
    restoredName: newDatabase ?? restoredName(database, now),
    previousName: previousName(database, now),
  }
}

function createRestoreDeps(context: ActionContext, run: RestoreRun, plan: RestorePlan) {
  return {
    newDatabase: createNewDatabaseDeps(context, run, plan),
    swap: createSwapDeps(context, run),
    overwrite: createOverwriteDeps(context, run, plan),
    store: run.store,
    now: () => new Date(),
    log: context.log,
  }
}
