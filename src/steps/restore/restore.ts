import { type Location, renderDrillId, restoreKey } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { type Verdict, verdictOf } from '../../core/checks/check.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { type PostgresVersion, renderVersion } from '../../core/pg/version.ts'
import {
  RESTORE_VERSION,
  type RestoreMode,
  type RestoreOutcome,
  type RestoreRecord,
  renderRestoreRecord,
} from '../../core/restore/restore-record.ts'
import type { Selection } from '../../core/restore/selection.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { renderFirst } from './check.ts'
import { type BesideTools, restoreBeside } from './into-new-database.ts'
import { type OverwriteTools, overwrite } from './overwrite.ts'
import type { RestorePlan } from './plan.ts'
import { newProgress, type RestoreProgress } from './progress.ts'
import { type SwapTools, swapIn } from './swap.ts'

export interface RestoreRequest {
  readonly manifest: Manifest
  readonly location: Location
  readonly mode: RestoreMode
  readonly selection: Selection
  readonly target: Pick<RestoreRecord['target'], 'host' | 'port' | 'user' | 'database'>
  /** The new database of the modes that make one. */
  readonly restoredName: string
  /** What the old database is called after a swap. */
  readonly previousName: string
  readonly allOrNothing: boolean
  readonly mayTerminateSessions: boolean
  readonly skipSafetyBackup: string | undefined
  readonly sessionSettings: readonly string[]
  readonly nonce: string
  readonly run: RestoreRecord['run']
}

export interface DatabaseTools extends BesideTools, SwapTools, OverwriteTools {
  readonly pgRestore: PostgresVersion
}

export interface RestoreReport {
  readonly record: RestoreRecord
  /** Undefined where the record could not be written. */
  readonly recordKey: string | undefined
  readonly progress: RestoreProgress
  /** What went wrong; undefined when all went well. */
  readonly failure: OperatorError | undefined
}

/**
 * Carries a plan out, and writes the record whatever comes of it. What fails is in the report and not thrown, so that
 * the summary can say where the data is; only defects are thrown.
 */
export async function restoreDatabase(
  request: RestoreRequest,
  plan: RestorePlan,
  tools: DatabaseTools,
): Promise<RestoreReport> {
  const startedAt = tools.now()
  const progress = newProgress()
  progress.downloadMs = plan.downloadMs
  progress.leftOut = plan.entries.leftOut.map(({ title }) => title)
  const failure = await carryOut(request, tools, progress)
  const record = createRecord(request, plan, tools, progress, startedAt, failure)
  const key = restoreKey(request.location, startedAt, request.nonce)
  const recordKey = (await writeRecord(key, record, tools)) ? key : undefined
  tools.log.info(`${record.restore.outcome} in ${renderDuration(record.durations.totalMs)}.`)
  return { record, recordKey, progress, failure }
}

async function carryOut(
  request: RestoreRequest,
  tools: DatabaseTools,
  progress: RestoreProgress,
): Promise<OperatorError | undefined> {
  try {
    const { manifest, selection, mode, restoredName: name } = request
    if (mode === 'overwrite') {
      await overwrite(request, tools, progress)
      return undefined
    }
    const verdict = await restoreBeside(
      { manifest, selection, name },
      tools,
      progress,
      mode === 'swap' ? () => swapIn(request, tools, progress) : undefined,
    )
    return verdict === 'fail' ? unverified(request, progress) : undefined
  } catch (error) {
    if (error instanceof OperatorError) return error
    throw error
  }
}

function unverified({ mode, manifest, target }: RestoreRequest, progress: RestoreProgress): OperatorError {
  const failed = progress.checks.filter(({ verdict }) => verdict === 'fail')
  const kept = mode === 'swap' ? ` Nothing was swapped: ${target.database} is as it was.` : ''
  return new OperatorError(
    'RESTORE_UNVERIFIED',
    `What came back from ${manifest.backup.id} differs from its manifest: ${renderFirst(failed)}.${kept}`,
    {
      hint: `Look at ${progress.restoredTo}, where it lies, or pick an older backup: latest-before:${manifest.backup.snapshotAt}.`,
    },
  )
}

/** The data is where it is, with or without a record: a store that is away must not make a success a failure. */
async function writeRecord(
  key: string,
  record: RestoreRecord,
  { store, log }: DatabaseTools,
): Promise<boolean> {
  try {
    // A restore that was cancelled is what somebody will ask about.
    await store.putJson(key, renderRestoreRecord(record), { sse: undefined, outlivesCancellation: true })
    return true
  } catch (error) {
    log.warning(
      `The record of this restore could not be written to ${store.uri(key)}: ${errorMessage(error)}`,
    )
    return false
  }
}

function createRecord(
  request: RestoreRequest,
  plan: RestorePlan,
  tools: DatabaseTools,
  progress: RestoreProgress,
  startedAt: Date,
  failure: OperatorError | undefined,
): RestoreRecord {
  const { manifest, location, mode, selection, target, nonce, run } = request
  const { backup, object } = manifest
  const verdict: Verdict = progress.checks.length === 0 ? 'not-measured' : verdictOf(progress.checks)
  return {
    version: RESTORE_VERSION,
    restore: {
      id: renderDrillId(startedAt, nonce),
      database: location.database,
      mode,
      startedAt: startedAt.toISOString(),
      outcome: outcomeOf(failure, progress),
      verdict,
      error: failure === undefined ? null : { code: failure.code, message: failure.message },
    },
    backup: {
      id: backup.id,
      bucket: object.bucket,
      key: object.key,
      versionId: object.versionId,
      sha256: object.sha256,
      bytes: object.bytes,
      snapshotAt: backup.snapshotAt,
      kind: backup.kind,
    },
    target: {
      ...target,
      restoredTo: progress.restoredTo,
      previous: progress.previous,
      replacedAt: progress.replacedAt?.toISOString() ?? null,
      safetyBackup: progress.safetyBackup,
      safetyBackupSkipped: mode === 'overwrite' ? (request.skipSafetyBackup ?? null) : null,
      allOrNothing: mode === 'overwrite' ? request.allOrNothing : null,
    },
    options: {
      selection: selection.of,
      tables: 'tables' in selection ? selection.tables.map(({ schema, name }) => `${schema}.${name}`) : [],
      leftOut: progress.leftOut,
      sessionSettings: request.sessionSettings,
    },
    notes: progress.notes,
    checks: progress.checks,
    durations: {
      safetyBackupMs: progress.safetyBackupMs,
      downloadMs: progress.downloadMs,
      restoreMs: progress.restoreMs,
      checksMs: progress.checksMs,
      windowMs: progress.windowMs,
      totalMs: tools.now().getTime() - startedAt.getTime() + plan.downloadMs,
    },
    tools: { pgRestore: renderVersion(tools.pgRestore), server: plan.facts.version },
    run,
  }
}

/** Once users have other data than before, nobody may be told that nothing has happened. */
function outcomeOf(failure: OperatorError | undefined, { replacedAt }: RestoreProgress): RestoreOutcome {
  if (failure === undefined) return 'restored'
  return failure.code === 'RESTORE_UNVERIFIED' || replacedAt !== null ? 'unverified' : 'failed'
}
