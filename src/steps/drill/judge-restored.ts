import { renderDrillId } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { type Check, verdictOf } from '../../core/checks/check.ts'
import type { RestoredContent } from '../../core/checks/compare-manifest.ts'
import type { Criterion, Measurement } from '../../core/criteria/criterion.ts'
import { evaluateCriterion } from '../../core/criteria/evaluate-criterion.ts'
import { DRILL_VERSION, type DrillRecord } from '../../core/drill/drill-record.ts'
import {
  restoredDatabaseChecks,
  restoredDrillKey,
  withoutRowCounts,
} from '../../core/drill/restored-drill.ts'
import type { Log } from '../../core/log.ts'
import type { Connection } from '../../core/pg/connection.ts'
import type { Store } from '../../storage/store.ts'
import { logChecks } from '../restore/check.ts'
import type { DrillReport } from './drill.ts'
import { writeRecord } from './drill-record.ts'
import type { DrillRequest } from './request.ts'

interface RestoredRequest extends Omit<DrillRequest, 'maxAgeMs' | 'skippedBackups'> {
  /** The database that another tool restored. */
  readonly restored: Connection
  /** The time that it shows; undefined: that of the backup. */
  readonly recoveredTo: Date | undefined
}

export interface RestoredDeps {
  readonly store: Store
  readonly readContent: (original: Manifest['fingerprint']) => Promise<RestoredContent>
  readonly readStructure: () => Promise<readonly Check[]>
  readonly readVersion: () => Promise<string>
  readonly measureRestored: (criteria: readonly Criterion[]) => Promise<ReadonlyMap<string, Measurement>>
  /** Undefined without a live database to compare with. */
  readonly measureLive:
    | ((criteria: readonly Criterion[]) => Promise<ReadonlyMap<string, Measurement>>)
    | undefined
  /** Undefined without a smoke command. */
  readonly smoke: (() => Promise<Check>) | undefined
  readonly now: () => Date
  readonly log: Log
}

/**
 * Judges a database that another tool restored, such as Render's own recovery. Nothing is created and nothing
 * dropped. Only criteria and the smoke command can pass or fail.
 */
export async function judgeRestored(request: RestoredRequest, deps: RestoredDeps): Promise<DrillReport> {
  const startedAt = deps.now()
  const server = await deps.readVersion()
  const checks = await deps.log.group('Check', () => checkRestored(request, deps))
  const totalMs = deps.now().getTime() - startedAt.getTime()
  const { manifest, location, nonce, run, restored } = request
  const { backup, object } = manifest
  const record: DrillRecord = {
    version: DRILL_VERSION,
    drill: {
      id: renderDrillId(startedAt, nonce),
      database: location.database,
      startedAt: startedAt.toISOString(),
      verdict: verdictOf(checks),
      // No restore of ours was made.
      coveredModes: [],
    },
    backup: {
      ...{ id: backup.id, bucket: deps.store.bucket, key: object.key, versionId: object.versionId },
      ...{ sha256: object.sha256, bytes: object.bytes, snapshotAt: backup.snapshotAt },
    },
    restored: { host: restored.host, database: restored.database },
    checks,
    durations: { downloadMs: null, restoreMs: null, checksMs: totalMs, totalMs },
    tools: { pgRestore: '', server },
    run,
  }
  const recordKey = restoredDrillKey(location, startedAt, nonce)
  return { record, recordKey, notRecorded: await writeRecord(deps.store, recordKey, record) }
}

async function checkRestored(request: RestoredRequest, deps: RestoredDeps): Promise<readonly Check[]> {
  const { manifest, criteria } = request
  const { fingerprint } = withoutRowCounts(manifest)
  const found = await deps.readContent(fingerprint)
  const measured = await deps.measureRestored(criteria)
  const reference = {
    snapshotAt: request.recoveredTo ?? new Date(manifest.backup.snapshotAt),
    backupRows: manifest.fingerprint.level === 'none' ? undefined : manifest.fingerprint.tables,
    live: await deps.measureLive?.(criteria),
  }
  const checks = [
    ...restoredDatabaseChecks(manifest, found, await deps.readStructure()),
    ...criteria.map(criterion => {
      const missing = { kind: 'error', message: `${criterion.name} was not measured` } as const
      return evaluateCriterion(criterion, measured.get(criterion.name) ?? missing, reference)
    }),
  ]
  // Last: a smoke command may write.
  if (deps.smoke !== undefined) checks.push(await deps.smoke())
  logChecks(checks, deps.log)
  return checks
}
