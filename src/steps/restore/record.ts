import { renderEntry } from '../../core/backup/archive-toc.ts'
import { renderDrillId } from '../../core/backup/bucket-layout.ts'
import { type Verdict, verdictOf } from '../../core/checks/check.ts'
import type { OperatorError } from '../../core/errors.ts'
import { renderVersion } from '../../core/pg/version.ts'
import {
  RESTORE_VERSION,
  type RestoreOutcome,
  type RestoreRecord,
} from '../../core/restore/restore-record.ts'
import type { RestorePlan } from './plan.ts'
import type { RestoreRequest } from './request.ts'
import type { RestoreResult } from './result.ts'

/** Everything that the record of a restore is made of. */
interface FinishedRestore {
  readonly request: RestoreRequest
  readonly plan: RestorePlan
  /** The bucket that was asked; the manifest of a copy names another. */
  readonly bucket: string
  readonly result: RestoreResult
  /** Undefined when all went well. */
  readonly failure: OperatorError | undefined
  readonly startedAt: Date
  readonly endedAt: Date
}

export function createRecord(finished: FinishedRestore): RestoreRecord {
  const { request, plan, result } = finished
  return {
    version: RESTORE_VERSION,
    restore: restoreFacts(finished),
    backup: backupFacts(finished),
    target: targetFacts(request, result),
    options: optionFacts(request, plan),
    notes: result.replacedAt === null ? result.notes : [...plan.notes, ...result.notes],
    checks: result.checks,
    durations: durationFacts(finished),
    tools: { pgRestore: renderVersion(request.pgRestore), server: plan.facts.version },
    run: request.run,
  }
}

function restoreFacts({
  request: { location, mode, nonce },
  result,
  failure,
  startedAt,
}: FinishedRestore): RestoreRecord['restore'] {
  return {
    id: renderDrillId(startedAt, nonce),
    database: location.database,
    mode,
    startedAt: startedAt.toISOString(),
    outcome: outcomeOf(failure, result),
    verdict: verdictOfResult(result),
    error: failure === undefined ? null : { code: failure.code, message: failure.message },
  }
}

/** Nothing compared is not-measured, never a pass. */
export function verdictOfResult({ checks }: Pick<RestoreResult, 'checks'>): Verdict {
  return checks.length === 0 ? 'not-measured' : verdictOf(checks)
}

/** Once users have other data than before, the outcome is never `failed`. */
function outcomeOf(failure: OperatorError | undefined, { replacedAt }: RestoreResult): RestoreOutcome {
  if (failure === undefined) return 'restored'
  return failure.code === 'RESTORE_UNVERIFIED' || replacedAt !== null ? 'unverified' : 'failed'
}

function backupFacts({ request, bucket }: FinishedRestore): RestoreRecord['backup'] {
  const { backup, object } = request.manifest
  const { key, versionId, sha256, bytes } = object
  const { id, snapshotAt, kind } = backup
  return { id, bucket, key, versionId, sha256, bytes, snapshotAt, kind }
}

function targetFacts(
  { target, mode, skipSafetyBackup, allOrNothing }: RestoreRequest,
  { restoredTo, previous, replacedAt, safetyBackup }: RestoreResult,
): RestoreRecord['target'] {
  return {
    ...target,
    restoredTo,
    previous,
    replacedAt: replacedAt?.toISOString() ?? null,
    safetyBackup,
    safetyBackupSkipped: mode === 'overwrite' ? (skipSafetyBackup ?? null) : null,
    allOrNothing: mode === 'overwrite' ? allOrNothing : null,
  }
}

function optionFacts(
  { scope, sessionSettings }: RestoreRequest,
  { entries }: RestorePlan,
): RestoreRecord['options'] {
  return {
    selection: scope.of,
    tables: 'tables' in scope ? scope.tables.map(({ schema, name }) => `${schema}.${name}`) : [],
    leftOut: entries.leftOut.map(renderEntry),
    sessionSettings,
  }
}

function durationFacts({ plan, result, startedAt, endedAt }: FinishedRestore): RestoreRecord['durations'] {
  const { safetyBackupMs, restoreMs, checksMs, windowMs } = result
  return {
    safetyBackupMs,
    downloadMs: plan.downloadMs,
    restoreMs,
    checksMs,
    windowMs,
    totalMs: endedAt.getTime() - startedAt.getTime() + plan.downloadMs,
  }
}
