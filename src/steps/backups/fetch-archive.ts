import { abortable } from '../../core/abortable.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { renderBytes } from '../../core/text/bytes.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { RunningRestore } from '../../postgres/client-tools/pg-restore.ts'
import type { Store } from '../../storage/store.ts'
import { reportProgress } from '../report-progress.ts'

export interface RestoreTools {
  readonly store: Store
  /** A path for the archive in a private directory that is removed afterwards. */
  readonly archivePath: string
  /** Bytes that are free where the archive goes, and what a database takes there in addition. */
  readonly disk: () => Promise<{ readonly freeBytes: number; readonly databaseBytes: number }>
  readonly download: (
    archive: Manifest['object'],
    path: string,
    onBytes: (bytes: number) => void,
  ) => Promise<void>
  readonly now: () => Date
  readonly log: Log
}

/** Refuses what pg_restore cannot take. Throws BACKUP_UNUSABLE. */
export function refuseUnrestorable({ archive, backup }: Manifest): void {
  if (archive.format === 'custom') return
  throw new OperatorError(
    'BACKUP_UNUSABLE',
    `The backup ${backup.id} is a ${archive.format} script: pg_restore cannot restore it.`,
    {
      hint: 'Pick a backup in custom format.',
    },
  )
}

/** Throws DISK_FULL where archive and database do not fit together. */
export async function refuseSmallDisk({ object }: Manifest, tools: RestoreTools): Promise<void> {
  const { freeBytes, databaseBytes } = await tools.disk()
  if (freeBytes >= object.bytes + databaseBytes) return
  throw new OperatorError(
    'DISK_FULL',
    `The archive has ${renderBytes(object.bytes)}${databaseBytes > 0 ? ` and the restored database about ${renderBytes(databaseBytes)}` : ''}, but only ${renderBytes(freeBytes)} are free at ${tools.archivePath}.`,
    {
      hint: 'Use a machine with a larger disk, or set RUNNER_TEMP to one.',
    },
  )
}

/**
 * Downloads the archive of a backup and compares every byte with the manifest: only a verified file comes
 * near pg_restore, because a crafted one can run code (CVE-2026-116314). Returns the duration in
 * milliseconds. Throws DISK_FULL before anything is fetched, ARCHIVE_CORRUPT, BACKUP_NOT_FOUND,
 * BACKUP_UNUSABLE.
 */
export async function fetchArchive(manifest: Manifest, tools: RestoreTools): Promise<number> {
  const { object } = manifest
  await refuseSmallDisk(manifest, tools)
  const startedAt = tools.now().getTime()
  let bytes = 0
  {
    using _progress = reportProgress(tools.log, tools.now, () => ({ bytes, table: undefined }))
    await tools.download(object, tools.archivePath, count => {
      bytes += count
    })
  }
  const durationMs = tools.now().getTime() - startedAt
  tools.log.info(
    `Downloaded and verified ${renderBytes(object.bytes)} in ${renderDuration(durationMs)}: every part has the SHA-256 of the manifest.`,
  )
  return durationMs
}

/** Waits for a pg_restore, with its progress in the log. Returns the duration in milliseconds. */
export async function awaitRestore(
  running: RunningRestore,
  signal: AbortSignal,
  tools: Pick<RestoreTools, 'now' | 'log'>,
): Promise<number> {
  const startedAt = tools.now().getTime()
  using _progress = reportProgress(tools.log, tools.now, () => ({
    bytes: undefined,
    table: running.currentItem,
  }))
  const warnings = await abortable(signal, running.finished)
  for (const warning of warnings) tools.log.info(`  ${warning}`)
  const durationMs = tools.now().getTime() - startedAt
  tools.log.info(`Restored in ${renderDuration(durationMs)}.`)
  return durationMs
}
