import { drillKey, type Location } from '../../core/backup/bucket-layout.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { Check } from '../../core/checks/check.ts'
import { exactChecks, type RestoredContent } from '../../core/checks/compare-manifest.ts'
import { type Criterion, evaluateCriterion, type Measurement } from '../../core/criteria/criterion.ts'
import {
  ageChecks,
  asInSource,
  notRestored,
  passedOverChecks,
  restored,
  unlikeSource,
} from '../../core/drill/drill-checks.ts'
import type { DrillRecord } from '../../core/drill/drill-record.ts'
import { type ErrorCode, OperatorError } from '../../core/errors.ts'
import type { PostgresVersion } from '../../core/pg/version.ts'
import type { RunningRestore } from '../../postgres/client-tools/pg-restore.ts'
import type { ScratchDatabase } from '../../postgres/scratch/database.ts'
import {
  awaitRestore,
  fetchArchive,
  type RestoreTools,
  refuseSmallDisk,
  refuseUnrestorable,
} from '../backups/fetch-archive.ts'
import { createRecord, type DrillProgress, writeRecord } from './drill-record.ts'

export interface DrillRequest {
  readonly manifest: Manifest
  readonly location: Location
  /** The backup may show the database as it was this long ago at most; undefined does not ask. */
  readonly maxAgeMs: number | undefined
  readonly criteria: readonly Criterion[]
  readonly nonce: string
  readonly run: DrillRecord['run']
  /** Why newer backups were passed over, in sentences. */
  readonly passedOver?: readonly string[]
  /** Of the record; without it the bucket's own default applies. */
}

/** What a drill needs from outside. */
export interface DrillTools extends RestoreTools {
  readonly signal: AbortSignal
  readonly pgRestore: PostgresVersion
  /** A new, empty database like the source; removed again when disposed. */
  readonly openScratch: () => Promise<ScratchDatabase>
  readonly startRestore: (scratch: ScratchDatabase) => Promise<RunningRestore>
  readonly readContent: (
    scratch: ScratchDatabase,
    original: Manifest['fingerprint'],
  ) => Promise<RestoredContent>
  readonly readStructure: (scratch: ScratchDatabase) => Promise<readonly Check[]>
  readonly measureScratch: (
    scratch: ScratchDatabase,
    criteria: readonly Criterion[],
  ) => Promise<ReadonlyMap<string, Measurement>>
  /** Undefined without a live database to compare with. */
  readonly measureLive:
    | ((criteria: readonly Criterion[]) => Promise<ReadonlyMap<string, Measurement>>)
    | undefined
  /** Undefined where nobody asked for it. */
  readonly checkPages: ((scratch: ScratchDatabase) => Promise<Check>) | undefined
  /** Undefined without a smoke command. */
  readonly smoke: ((scratch: ScratchDatabase) => Promise<Check>) | undefined
}

export interface DrillReport {
  readonly record: DrillRecord
  readonly recordKey: string
  /** Why the record is not in the bucket; undefined when it is. */
  readonly notRecorded: OperatorError | undefined
}

/** Errors that say something about the backup, and not about the drill: they are its verdict. */
const VERDICT_CODES: readonly ErrorCode[] = [
  'ARCHIVE_CORRUPT',
  'BACKUP_NOT_FOUND',
  'MANIFEST_INVALID',
  'RESTORE_FAILED',
]

/**
 * Restores a backup into a scratch database, judges it, and writes the record. A backup that does not restore is a verdict; an
 * OperatorError means that the drill could not be held, so that nobody knows.
 */
export async function drill(request: DrillRequest, tools: DrillTools): Promise<DrillReport> {
  const startedAt = tools.now()
  const progress: DrillProgress = {
    checks: [],
    downloadMs: null,
    restoreMs: null,
    checksMs: null,
    serverVersion: '',
  }
  progress.checks.push(
    ...passedOverChecks(request.passedOver ?? []),
    ...ageChecks(request.manifest.backup.snapshotAt, request.maxAgeMs, startedAt),
  )
  try {
    await restoreAndCheck(request, tools, progress)
  } catch (error) {
    if (!(error instanceof OperatorError) || !VERDICT_CODES.includes(error.code)) throw error
    tools.log.info(`${error.code}: ${error.message}`)
    progress.checks.push(notRestored(error))
  }
  const record = createRecord(request, tools, progress, startedAt)
  const recordKey = drillKey(request.location, startedAt, request.nonce)
  const notRecorded = await writeRecord(tools.store, recordKey, record)
  return { record, recordKey, notRecorded }
}

async function restoreAndCheck(
  request: DrillRequest,
  tools: DrillTools,
  progress: DrillProgress,
): Promise<void> {
  const { manifest } = request
  refuseUnrestorable(manifest)
  await refuseSmallDisk(manifest, tools)
  // Before the download: a server that cannot be had, or does not fit, is known in seconds.
  await using scratch = await tools.log.group('Prepare a scratch database', tools.openScratch)
  progress.serverVersion = scratch.serverVersion
  progress.checks.push(...scratch.notes.map(unlikeSource))
  progress.downloadMs = await tools.log.group('Download and verify the archive', () =>
    fetchArchive(manifest, tools),
  )
  try {
    await restoreInto(scratch, tools, progress)
    const checkingSince = tools.now().getTime()
    const checks = await tools.log.group('Check', () => runChecks(request, tools, scratch))
    await scratch.proveAlive()
    progress.checks.push(...checks)
    progress.checksMs = tools.now().getTime() - checkingSince
  } catch (error) {
    // Whatever happens on a server that is gone says nothing about the backup.
    tools.signal.throwIfAborted()
    await scratch.proveAlive()
    throw error
  }
}

async function restoreInto(
  scratch: ScratchDatabase,
  tools: DrillTools,
  progress: DrillProgress,
): Promise<void> {
  progress.restoreMs = await tools.log.group('Restore', async () => {
    await using running = await tools.startRestore(scratch)
    return await awaitRestore(running, tools.signal, tools)
  })
}

/** All checks run, whatever the first ones say: an operator wants the whole picture. */
async function runChecks(
  request: DrillRequest,
  tools: DrillTools,
  scratch: ScratchDatabase,
): Promise<readonly Check[]> {
  const { manifest, criteria } = request
  const { fingerprint, backup } = manifest
  const found = await tools.readContent(scratch, fingerprint)
  const measured = await tools.measureScratch(scratch, criteria)
  const reference = {
    snapshotAt: new Date(backup.snapshotAt),
    backupRows: fingerprint.level === 'none' ? undefined : fingerprint.tables,
    live: await tools.measureLive?.(criteria),
  }
  const exact = exactChecks(manifest, found)
  const checks = [
    restored(found),
    ...exact,
    ...criteria.map(criterion =>
      evaluateCriterion(criterion, measured.get(criterion.name) ?? unmeasured(criterion), reference),
    ),
    ...asInSource(await tools.readStructure(scratch), exact, manifest),
  ]
  // After everything that is compared: it makes an extension.
  if (tools.checkPages !== undefined) checks.push(await tools.checkPages(scratch))
  // Last: a smoke command may write.
  if (tools.smoke !== undefined) checks.push(await tools.smoke(scratch))
  for (const check of checks)
    if (check.verdict === 'fail')
      tools.log.info(`✗ ${check.name}: expected ${check.expected}, found ${check.found}`)
  tools.log.info(
    `${checks.filter(check => check.verdict === 'pass').length} of ${checks.length} checks pass.`,
  )
  return checks
}

function unmeasured(criterion: Criterion): Measurement {
  return { kind: 'error', message: `${criterion.name} was not measured` }
}
