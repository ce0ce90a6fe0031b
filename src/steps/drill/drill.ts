import { drillKey } from '../../core/backup/bucket-layout.ts'
import {
  ageChecks,
  leftOutChecks,
  restoreCheck,
  scratchDifferenceCheck,
  skippedBackupChecks,
} from '../../core/drill/drill-checks.ts'
import type { DrillRecord } from '../../core/drill/drill-record.ts'
import { type ErrorCode, OperatorError } from '../../core/errors.ts'
import { viewSettings } from '../../core/passes/view-settings.ts'
import { parseVersion } from '../../core/pg/version.ts'
import type { ScratchDatabase } from '../../postgres/scratch/database.ts'
import { fetchArchive, refuseSmallDisk, refuseUnrestorable } from '../backups/fetch-archive.ts'
import { fillDatabase } from '../restore/fill-database.ts'
import { createRecord, writeRecord } from './drill-record.ts'
import { type DrillDeps, type DrillProgress, type DrillRequest, newDrillProgress } from './request.ts'
import { runChecks } from './run-checks.ts'

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

/** The first major version whose event triggers can be switched off. */
const EVENT_TRIGGERS_OFF = 17

/**
 * Restores a backup into a scratch database, judges it, and writes the record. A backup that does not
 * restore is a verdict; an OperatorError means that the drill could not be held, and says nothing about the
 * backup.
 */
export async function drill(request: DrillRequest, deps: DrillDeps): Promise<DrillReport> {
  const startedAt = deps.now()
  const progress = newDrillProgress()
  progress.checks.push(
    ...skippedBackupChecks(request.skippedBackups ?? []),
    ...ageChecks(request.manifest.backup.snapshotAt, request.maxAgeMs, startedAt),
  )
  try {
    await restoreAndCheck(request, deps, progress)
  } catch (error) {
    if (!(error instanceof OperatorError) || !VERDICT_CODES.includes(error.code)) throw error
    deps.log.info(`${error.code}: ${error.message}`)
    progress.checks.push(restoreCheck(error))
  }
  const record = createRecord(request, deps, progress, startedAt)
  const recordKey = drillKey(request.location, startedAt, request.nonce)
  const notRecorded = await writeRecord(deps.store, recordKey, record)
  return { record, recordKey, notRecorded }
}

async function restoreAndCheck(
  request: DrillRequest,
  deps: DrillDeps,
  progress: DrillProgress,
): Promise<void> {
  const { manifest } = request
  refuseUnrestorable(manifest)
  await refuseSmallDisk(manifest, deps)
  // Before the download: a server that does not start, or does not fit, is known in seconds.
  await using scratch = await deps.log.group('Prepare a scratch database', deps.openScratch)
  progress.serverVersion = scratch.serverVersion
  progress.checks.push(...scratch.notes.map(scratchDifferenceCheck))
  progress.downloadMs = await deps.log.group('Download and verify the archive', () =>
    fetchArchive(manifest, deps),
  )
  try {
    await restoreInto(scratch, manifest.object.bytes, deps, progress)
    const checkingSince = deps.now().getTime()
    const checks = await deps.log.group('Check', () => runChecks(request, deps, scratch, progress))
    await scratch.proveAlive()
    progress.checks.push(...checks)
    progress.checksMs = deps.now().getTime() - checkingSince
  } catch (error) {
    // What happens on a server that is gone says nothing about the backup.
    deps.signal.throwIfAborted()
    await scratch.proveAlive()
    throw error
  }
}

/** The passes of a restore into a new database, in the same order. */
async function restoreInto(
  scratch: ScratchDatabase,
  archiveBytes: number,
  deps: DrillDeps,
  progress: DrillProgress,
): Promise<void> {
  const hasSuperuser = scratch.superuser !== undefined
  const { entries, databaseSettings } = await deps.readArchive()
  const { restoreMs, leftOut } = await deps.log.group('Restore', () =>
    fillDatabase(
      {
        entries,
        facts: {
          archiveBytes,
          hasSuperuser,
          grants: false,
          skipEventTriggers: !hasSuperuser || parseVersion(scratch.serverVersion).major < EVENT_TRIGGERS_OFF,
          skipForeignServers: true,
          viewSettings: viewSettings(databaseSettings),
        },
        owner: hasSuperuser ? scratch.connection.user : undefined,
        unfit: 'SCRATCH_FAILED',
        missingLocale: scratch.notes.find(note => note.includes('locale')),
      },
      { ...deps, ...deps.passesFor(scratch) },
    ),
  )
  progress.restoreMs = restoreMs
  const leftOutIds = new Set(leftOut.map(({ entry }) => entry.id))
  progress.leftOut = leftOut
  progress.restored = entries.filter(({ id }) => !leftOutIds.has(id))
  progress.checks.push(...leftOutChecks(leftOut))
}
