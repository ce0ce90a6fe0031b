import { join } from 'node:path'
import type { Manifest } from '../../core/backup/manifest.ts'
import { decodeArchive } from '../../postgres/client-tools/pg-restore.ts'
import { readFreeBytes } from '../../postgres/install/disk-space.ts'
import { openSource } from '../../postgres/source/source.ts'
import type { ActionContext } from '../../runner/action.ts'
import { verifyArchive } from '../../steps/backups/verify-archive.ts'
import { dump } from '../../steps/dump/dump.ts'
import { NO_COPIES } from '../../steps/dump/request.ts'
import type { SafetyBackupDeps } from '../../steps/restore/safety-backup.ts'
import { downloadArchive } from '../../storage/download.ts'
import { createDumpDeps, describeRun } from '../../wiring/dump-deps.ts'
import type { RestoreRun } from './restore-run.ts'

const LOCK_TIMEOUT_MS = 60_000

export function createSafetyBackupDeps(context: ActionContext, run: RestoreRun): SafetyBackupDeps {
  return {
    signal: run.signal,
    now: () => new Date(),
    log: context.log,
    takeSafetyBackup: async () => {
      const manifest = await dumpTarget(context, run)
      await verifySafetyBackup(context, run, manifest)
      return manifest
    },
  }
}

async function dumpTarget(
  context: ActionContext,
  { inputs, target, store, signal, directory }: RestoreRun,
): Promise<Manifest> {
  await using source = await openSource(target, signal)
  const { manifest } = await dump(
    {
      location: inputs.location,
      kind: 'safety',
      options: {
        format: 'custom',
        compression: 'zstd:1',
        tables: [],
        excludeTables: [],
        schemas: [],
        lockTimeoutMs: LOCK_TIMEOUT_MS,
      },
      fingerprint: 'counts',
      // Readable at once, if it is needed.
      storage: { storageClass: 'STANDARD', compatibility: 'auto' },
      copies: NO_COPIES,
      run: describeRun(context.environment),
    },
    createDumpDeps(context, source, target, store, directory),
  )
  return manifest
}

/** Reads every byte back and lets pg_restore decode it. */
async function verifySafetyBackup(
  { environment, log }: ActionContext,
  { store, signal, directory, pgRestore }: RestoreRun,
  manifest: Manifest,
): Promise<void> {
  const archivePath = join(directory, 'safety.dump')
  await verifyArchive(manifest, {
    store,
    archivePath,
    disk: async () => ({ freeBytes: await readFreeBytes(directory), databaseBytes: 0 }),
    download: (archive, path, onBytes) => downloadArchive(store, archive, path, onBytes),
    now: () => new Date(),
    log,
    decode: () => decodeArchive(pgRestore.path, archivePath, environment.variables, signal),
  })
}
