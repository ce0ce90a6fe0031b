import { randomBytes } from 'node:crypto'
import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import { renderConnection } from '../../core/pg/connection.ts'
import { parseVersion } from '../../core/pg/version.ts'
import { previousName, restoredName } from '../../core/restore/database-names.ts'
import { neededBytes, type Selection, selectTables } from '../../core/restore/selection.ts'
import { renderSessionSetting } from '../../core/restore/session-settings.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import type { Action, ActionContext } from '../../runner/action.ts'
import { withDeadline } from '../../runner/deadline.ts'
import { findBackup } from '../../steps/backups/find-backup.ts'
import { type PlanRequest, planRestore } from '../../steps/restore/plan.ts'
import { type RestoreRequest, restoreDatabase } from '../../steps/restore/restore.ts'
import { Store } from '../../storage/store.ts'
import { describeRun, hasOpenUpload, removeOpenUpload } from '../../wiring/dump-deps.ts'
import { requireTool } from '../../wiring/require-tool.ts'
import { type RestoreInputs, readRestoreInputs } from './inputs.ts'
import { createRestoreTools } from './plan-deps.ts'
import { toPlanResult, toResult } from './results.ts'
import { dropLeftDatabase, NEW_DATABASE } from './unfinished-database.ts'

export const restoreFromS3: Action = {
  async main(context) {
    const inputs = readRestoreInputs(context.inputs, context.environment)
    refuseUnconfirmed(inputs)
    const signal = withDeadline(context.signal, inputs.timeoutMs)
    await using temp = await context.createTempDir()
    using store = new Store(inputs.store, context.log, signal)
    const manifest = await findBackup(inputs.backup, inputs.location, store, context.log, {
      isForRestore: true,
    })
    const { backup, object } = manifest
    context.log.info(
      `Backup ${backup.id}: ${renderBytes(object.bytes)}, shows ${backup.database} at ${backup.snapshotAt}. Target: ${renderConnection(inputs.target)}, mode ${inputs.mode}.`,
    )
    const selection = select(manifest, inputs)
    const pgRestore = await requireTool(
      context,
      'pg_restore',
      parseVersion(manifest.archive.toolVersion).major,
    )
    const nonce = randomBytes(4).toString('hex')
    const setting = { inputs, manifest, store, signal, nonce, directory: temp.path, pgRestore }
    const tools = await createRestoreTools(context, setting)
    const names = chooseNames(inputs)
    const plan = await planRestore(planRequest(inputs, manifest, selection, names), tools)
    const request = restoreRequest(context, inputs, manifest, selection, names, nonce)
    if (inputs.dryRun) return toPlanResult(request, plan)
    const report = await restoreDatabase(request, plan, tools)
    return toResult(request, report, report.recordKey === undefined ? '' : store.uri(report.recordKey))
  },

  /** Drops what a main phase left that was killed before it could clean up. */
  async post(context) {
    const isLeft = (context.state.read(NEW_DATABASE) ?? null) !== null
    if (!isLeft && !hasOpenUpload(context)) return
    const inputs = readRestoreInputs(context.inputs, context.environment)
    if (isLeft) await dropLeftDatabase(context, inputs)
    if (!hasOpenUpload(context)) return
    using store = new Store(inputs.store, context.log, context.signal)
    await removeOpenUpload(context, inputs.location, store)
  },
}

/**
 * Before anything is connected to: whoever decides types the name. Overwriting needs it, and in every mode a wrong one says
 * that somebody means another database. Throws CONFIRMATION_MISSING.
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
          ? `If ${database} is really to be overwritten, set confirm: ${database}. Mode new-database or swap keeps the old data.`
          : `If ${database} is really the database to get back, set confirm: ${database}.`,
    },
  )
}

function select(manifest: Manifest, { selection }: RestoreInputs): Selection {
  try {
    return selectTables(manifest, selection)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new OperatorError('INVALID_INPUT', `tables or schemas: ${error.message}. Nothing was changed.`, {
      hint: `The manifest of ${manifest.backup.id} lists the tables. The rows of a partitioned table are in its partitions: name these, as events_* does.`,
      cause: error,
    })
  }
}

function planRequest(
  inputs: RestoreInputs,
  manifest: Manifest,
  selection: Selection,
  names: NewNames,
): PlanRequest {
  const { mode, terminateSessions, allOrNothing, ownerRole, targetDiskBytes } = inputs
  return {
    manifest,
    selection,
    wish: {
      mode,
      neededBytes: neededBytes(manifest, selection),
      newNames: newNames(inputs, names),
      terminateSessions,
      allOrNothing,
      takesSafetyBackup: mode === 'overwrite' && inputs.skipSafetyBackup === undefined,
      owner: ownerRole,
      diskBytes: targetDiskBytes,
    },
  }
}

/** The new database, and what the old one is called after a swap. */
type NewNames = Pick<RestoreRequest, 'restoredName' | 'previousName'>

function chooseNames({ target: { database }, newDatabase }: RestoreInputs): NewNames {
  const now = new Date()
  return {
    restoredName: newDatabase ?? restoredName(database, now),
    previousName: previousName(database, now),
  }
}

function newNames({ mode }: RestoreInputs, names: NewNames): readonly string[] {
  if (mode === 'overwrite') return []
  return mode === 'swap' ? [names.restoredName, names.previousName] : [names.restoredName]
}

function restoreRequest(
  { environment }: ActionContext,
  inputs: RestoreInputs,
  manifest: Manifest,
  selection: Selection,
  names: NewNames,
  nonce: string,
): RestoreRequest {
  const { host, port, user, database } = inputs.target
  return {
    ...names,
    manifest,
    location: inputs.location,
    mode: inputs.mode,
    selection,
    target: { host, port, user, database },
    allOrNothing: inputs.allOrNothing,
    mayTerminateSessions: inputs.terminateSessions,
    skipSafetyBackup: inputs.skipSafetyBackup,
    sessionSettings: inputs.sessionSettings.map(renderSessionSetting),
    nonce,
    run: describeRun(environment),
  }
}
