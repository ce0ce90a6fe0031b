import { parseBackupId } from '../../core/backup/backup-id.ts'
import { archiveKey, manifestKey, renderDestination } from '../../core/backup/bucket-layout.ts'
import { type BackupCopy, copyFailure, describeFailure } from '../../core/backup/copies.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { errorMessage } from '../../core/errors.ts'
import type { CopyDestination } from '../../steps/dump/request.ts'
import { Store } from '../../storage/store.ts'
import type { GateRun } from './gate-run.ts'

/**
 * Which copies a backup has that is used again: only new ones are copied. Throws COPY_FAILED where every copy
 * must exist and one does not.
 */
export async function findCopies(run: GateRun, { backup }: Manifest): Promise<readonly BackupCopy[]> {
  const { targets, onFailure } = run.inputs.copies
  const copies = await Promise.all(targets.map(target => findCopy(run, backup.id, target)))
  const failure = copyFailure(backup.id, copies, onFailure)
  if (failure !== undefined) throw failure
  for (const copy of copies) if (copy.archiveUri === null) run.context.log.warning(describeFailure(copy))
  return copies
}

async function findCopy(
  { context, inputs, signal }: GateRun,
  backupId: string,
  { config, destination }: CopyDestination,
): Promise<BackupCopy> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(inputs.copies.timeoutMs)])
  using store = new Store(config, context.log, limit)
  const location = { ...inputs.location, prefix: destination.prefix }
  const id = parseBackupId(backupId)
  const copy = { destination: renderDestination(destination), archiveUri: null, problem: null }
  try {
    return (await store.head(manifestKey(location, id))) === undefined
      ? { ...copy, problem: `${backupId} is not there.` }
      : { ...copy, archiveUri: store.uri(archiveKey(location, id, 'dump')) }
  } catch (error) {
    return { ...copy, problem: `It is unknown whether ${backupId} is there: ${errorMessage(error)}` }
  }
}
