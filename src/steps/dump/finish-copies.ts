import { type BackupId, parseBackupId } from '../../core/backup/backup-id.ts'
import { archiveKey, manifestKey, renderDestination } from '../../core/backup/bucket-layout.ts'
import { type BackupCopy, describeFailure } from '../../core/backup/copies.ts'
import type { Manifest } from '../../core/backup/manifest.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { SentContent } from '../../storage/multipart/part-writer.ts'
import type { UploadCopy } from '../../storage/multipart/upload-copy.ts'
import type { UploadRequest } from '../../storage/multipart/upload-request.ts'
import { storedObject } from './build-manifest.ts'
import type { DumpRequest } from './request.ts'
import { writeManifest } from './write-manifest.ts'

/** What the upload needs to know of the copies. */
export function toCopyRequests(
  { copies, location, options }: DumpRequest,
  id: BackupId,
): Required<UploadRequest>['copies'] {
  const extension = options.format === 'plain' ? 'sql' : 'dump'
  const stores = copies.targets.map(({ destination, ...target }) => ({
    ...target,
    key: archiveKey({ ...location, prefix: destination.prefix }, id, extension),
  }))
  return { stores, timeoutMs: copies.timeoutMs }
}

/**
 * Completes every copy of a backup that exists already, each with a manifest of its own that is written last.
 * A copy that fails is removed and costs the others nothing. Returns what became of each.
 */
export async function finishCopies(
  { copies, location }: DumpRequest,
  uploads: readonly UploadCopy[],
  manifest: Manifest,
  archive: SentContent,
  log: Log,
): Promise<readonly BackupCopy[]> {
  return await Promise.all(
    copies.targets.map(async ({ destination }, index) => {
      const copy = uploads[index]
      if (copy === undefined) throw new Error('There are fewer uploads than copies')
      const key = manifestKey({ ...location, prefix: destination.prefix }, parseBackupId(manifest.backup.id))
      const outcome = { destination: renderDestination(destination), archiveUri: null, problem: null }
      try {
        const archiveUri = await finishCopy(copy, key, manifest, archive)
        log.info(`Copied to ${archiveUri}, manifest written.`)
        return { ...outcome, archiveUri }
      } catch (error) {
        const problems = [error, await copy.discard()].filter(problem => problem !== undefined)
        const failure = { ...outcome, problem: problems.map(describe).join(' ') }
        if (copies.onFailure === 'warn') log.warning(describeFailure(failure))
        else log.info(describeFailure(failure))
        return failure
      }
    }),
  )
}

async function finishCopy(
  copy: UploadCopy,
  key: string,
  first: Manifest,
  archive: SentContent,
): Promise<string> {
  const { store } = copy
  return await copy.finish(async upload => {
    const stored = await upload.complete(archive)
    const object = storedObject(store.bucket, upload.open.key, stored, archive)
    await writeManifest(store, upload, key, { ...first, object })
    return store.uri(object.key)
  })
}

function describe(error: unknown): string {
  const hint = error instanceof OperatorError ? (error.hint ?? '') : ''
  return `${errorMessage(error)} ${hint}`.trim()
}
