import type { ObjectFacts } from '../objects.ts'
import type { Store } from '../store.ts'
import { hadNoEffect } from '../store-error.ts'
import { abortUpload, type KnownUpload } from './abort-upload.ts'
import { completeUpload } from './complete-upload.ts'
import { type CreatedUpload, createUpload } from './create-upload.ts'
import { PartSender } from './part-sender.ts'
import type { SentContent } from './part-writer.ts'
import type { ObjectRequest } from './upload-request.ts'

/** An upload in progress, to one store. Disposing it without `keep` leaves no object and no part. */
export interface StoreUpload extends AsyncDisposable {
  readonly open: KnownUpload
  readonly sender: PartSender
  /** Whether the store is known: it keeps a checksum over the whole object. */
  readonly isFull: boolean
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
 * again without, one that does not confirm it is not trusted with it, and the log says so.
 */
export async function beginStoreUpload(store: Store, request: ObjectRequest): Promise<StoreUpload> {
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
  request: ObjectRequest,
  { uploadId, storageClass }: CreatedUpload,
  isFull: boolean,
): StoreUpload {
  const { key, backupId, remember = () => {} } = request
  const open = { key, uploadId }
  const sender = new PartSender(store, open, isFull ? 'crc32' : 'md5')
  let completion: 'none' | 'unknown' | 'known' = 'none'
  let isLeft = false
  remember(open)
  return {
    open,
    sender,
    isFull,
    async complete(content) {
      completion = 'unknown'
      remember({ ...open, isCompleting: true })
      const object = { key, uploadId, backupId, storageClass, sender, content, isFull }
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
      await sender.stop()
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
