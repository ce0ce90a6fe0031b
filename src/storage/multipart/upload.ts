import type { ByteSource } from '../../core/byte-source.ts'
import type { ObjectFacts } from '../objects.ts'
import type { Store } from '../store.ts'
import { hadNoEffect } from '../store-error.ts'
import { abortUpload, type KnownUpload } from './abort-upload.ts'
import { completeUpload } from './complete-upload.ts'
import { type CreatedUpload, createUpload } from './create-upload.ts'
import { planParts, refuseTooLarge } from './part-size.ts'
import { PartWriter, type SentContent } from './part-writer.ts'
import type { UploadRequest } from './upload-request.ts'

/** An upload in progress. Disposing it without `keep` leaves no object and no part. */
export interface Upload extends AsyncDisposable {
  readonly open: KnownUpload
  /** Bytes that the store has acknowledged. */
  readonly acknowledgedBytes: number
  /** Sends a stream to its end and waits until every part is acknowledged. */
  write(source: ByteSource): Promise<SentContent>
  /**
   * Makes the object appear. Call it only when the source ended well: an end of file alone does not say so.
   */
  complete(content: SentContent): Promise<ObjectFacts>
  /** From here on the object stays. */
  keep(): void
  /** Neither removes nor keeps the object: the post phase decides by its manifest. */
  leaveToPost(): void
}

/**
 * Begins a multipart upload, always: then a bucket that cannot be written shows before anything is dumped,
 * and nothing appears in it before `complete`. A store that refuses a checksum over the whole object is asked
 * again without, one that does not confirm it is not trusted with it, and the log says so. Throws
 * UPLOAD_TOO_LARGE before anything is read.
 *
 * Not @aws-sdk/lib-storage: it completes an upload whose source was cut short, leaves parts in flight when
 * aborted, allocates every part and knows no checksum over the whole object. See
 * docs/adr/0004-multipart-uploader.md.
 */
export async function beginUpload(store: Store, request: UploadRequest): Promise<Upload> {
  refuseTooLarge(request)
  const created = await createUpload(store, request)
  const isFull =
    request.compatibility === 'full' || (request.compatibility === 'auto' && created.keepsChecksum)
  if (request.compatibility === 'auto' && !isFull) store.log.info(NO_CHECKSUM)
  return startUpload(store, request, created, isFull)
}

const NO_CHECKSUM =
  'This store keeps no checksum over whole objects. Each part is still verified by its SHA-256.'

function startUpload(
  store: Store,
  request: UploadRequest,
  { uploadId, storageClass }: CreatedUpload,
  isFull: boolean,
): Upload {
  const { key, backupId, databaseBytes, remember = () => {} } = request
  const open = { key, uploadId }
  const plan = planParts(databaseBytes, isFull ? 'known' : 'unknown')
  const writer = new PartWriter(store, open, plan, isFull ? 'crc32' : 'md5')
  let completion: 'none' | 'unknown' | 'known' = 'none'
  let isLeft = false
  remember(open)
  return {
    open,
    get acknowledgedBytes() {
      return writer.acknowledgedBytes
    },
    write: source => writer.write(source),
    async complete(content) {
      completion = 'unknown'
      remember({ ...open, isCompleting: true })
      const object = { key, uploadId, backupId, storageClass, writer, content, isFull }
      const stored = await completeUpload(store, object).catch(error => {
        if (hadNoEffect(error)) completion = 'known'
        throw error
      })
      completion = 'known'
      if (isFull && stored.checksum === null) store.log.info(NO_CHECKSUM)
      return stored
    },
    keep: () => {
      isLeft = true
      remember(null)
    },
    leaveToPost: () => {
      isLeft = true
    },
    async [Symbol.asyncDispose]() {
      if (isLeft) return
      await writer.stop()
      await abortUpload(store, open)
      if (completion !== 'none') await removeOurs(store, key, backupId)
      // The effect of a completion without an answer may come later: the post phase looks again.
      if (completion !== 'unknown') remember(null)
    },
  }
}

/**
 * Removes the object of this backup, and no other that may lie under its name. Returns whether there was one.
 */
export async function removeOurs(store: Store, key: string, backupId: string): Promise<boolean> {
  const left = await store.head(key, { mode: 'clean-up' })
  if (left?.metadata['backup-id'] !== backupId) return false
  await store.remove(key, left.versionId)
  return true
}
