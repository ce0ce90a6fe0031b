import type { ByteSource } from '../../core/byte-source.ts'
import type { Store } from '../store.ts'
import { planParts, refuseTooLarge } from './part-size.ts'
import { PartWriter, type SentContent } from './part-writer.ts'
import { beginStoreUpload, type StoreUpload } from './store-upload.ts'
import { UploadCopy } from './upload-copy.ts'
import type { UploadRequest } from './upload-request.ts'

/** An upload in progress, and its copies in other stores. Disposing it removes what was not kept. */
export interface Upload extends StoreUpload {
  /** Bytes that the first store has acknowledged. */
  readonly acknowledgedBytes: number
  /** Also those that failed; `finish` says why. */
  readonly copies: readonly UploadCopy[]
  /** Sends a stream to its end and waits until the first store has acknowledged every part. */
  write(source: ByteSource): Promise<SentContent>
}

/**
 * Begins an upload (beginStoreUpload) and its copies, which cannot fail it: what fails one is kept for its
 * `finish`. Throws UPLOAD_TOO_LARGE before anything is read.
 *
 * Not @aws-sdk/lib-storage: it completes an upload whose source was cut short, leaves parts in flight when
 * aborted, allocates every part and knows no checksum over the whole object. See
 * docs/adr/0004-multipart-uploader.md.
 */
export function beginUpload(store: Store, request: UploadRequest): Promise<Upload> {
  // At once: pg_dump does not wait for an upload that begins.
  refuseTooLarge(request)
  return begin(store, request)
}

async function begin(store: Store, request: UploadRequest): Promise<Upload> {
  const copies = (request.copies?.stores ?? []).map(
    copy => new UploadCopy({ ...copy, backupId: request.backupId }, request.copies?.timeoutMs ?? 0, store),
  )
  const begun = Promise.all(copies.map(copy => copy.begin()))
  await using undo = new AsyncDisposableStack()
  for (const copy of copies) undo.use(copy)
  const first = await beginStoreUpload(store, request).finally(() => begun)
  undo.move()
  const isKnown = first.isFull && copies.every(({ isUnknown }) => !isUnknown)
  const plan = planParts(request.databaseBytes, isKnown ? 'known' : 'unknown', {
    hasCopies: copies.length > 0,
  })
  const writer = new PartWriter(
    first.sender,
    copies.flatMap(copy => copy.followers()),
    plan,
  )
  return {
    ...first,
    copies,
    get acknowledgedBytes() {
      return first.sender.acknowledgedBytes
    },
    write: source => writer.write(source),
    async [Symbol.asyncDispose]() {
      const removals = [first, ...copies].map(upload => upload[Symbol.asyncDispose]())
      await Promise.allSettled(removals)
      await Promise.all(removals)
    },
  }
}
