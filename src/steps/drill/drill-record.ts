import { renderDrillId } from '../../core/backup/bucket-layout.ts'
import { verdictOf } from '../../core/checks/check.ts'
import {
  COVERED_MODES,
  DRILL_VERSION,
  type DrillRecord,
  renderDrillRecord,
} from '../../core/drill/drill-record.ts'
import { OperatorError } from '../../core/errors.ts'
import { renderVersion } from '../../core/pg/version.ts'
import { renderDrillHead } from '../../core/summary/drill-trend.ts'
import type { DrillDeps, DrillProgress, DrillRequest } from './request.ts'

/** The record of a drill that has come to its end. */
export function createRecord(
  request: DrillRequest,
  deps: DrillDeps,
  progress: DrillProgress,
  startedAt: Date,
): DrillRecord {
  const { manifest, location, nonce, run } = request
  const { backup, object } = manifest
  const { checks, downloadMs, restoreMs, checksMs, serverVersion } = progress
  return {
    version: DRILL_VERSION,
    drill: {
      id: renderDrillId(startedAt, nonce),
      database: location.database,
      startedAt: startedAt.toISOString(),
      verdict: verdictOf(checks),
      coveredModes: restoreMs === null ? [] : COVERED_MODES,
    },
    backup: {
      id: backup.id,
      // Where it was read: a bucket that is a copy of the first has its manifests, too.
      bucket: deps.store.bucket,
      key: object.key,
      versionId: object.versionId,
      sha256: object.sha256,
      bytes: object.bytes,
      snapshotAt: backup.snapshotAt,
    },
    restored: null,
    checks,
    durations: { downloadMs, restoreMs, checksMs, totalMs: deps.now().getTime() - startedAt.getTime() },
    tools: { pgRestore: renderVersion(deps.pgRestore), server: serverVersion },
    run,
  }
}

/** What was found is worth showing also when it cannot be kept. */
export async function writeRecord(
  store: DrillDeps['store'],
  key: string,
  record: DrillRecord,
): Promise<OperatorError | undefined> {
  try {
    await store.putJson(key, renderDrillRecord(record), { metadata: renderDrillHead(record) })
    return undefined
  } catch (error) {
    if (error instanceof OperatorError) return error
    throw error
  }
}
