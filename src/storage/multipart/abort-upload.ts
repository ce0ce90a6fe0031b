import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3'
import { renderAbortUpload } from '../../core/backup/aws-commands.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { SendOptions } from '../connection.ts'
import type { Store } from '../store.ts'
import { isDenied, isNotFound } from '../store-error.ts'

/** An upload that is not complete, for its clean-up. */
export interface OpenUpload {
  readonly key: string
  /** Null before the store has answered: the upload may exist all the same. */
  readonly uploadId: string | null
  /** The store was asked to complete it: the object may appear at any moment. */
  readonly isCompleting?: boolean
}

export interface KnownUpload extends OpenUpload {
  readonly uploadId: string
}

const CLEAN_UP: SendOptions = { mode: 'clean-up' }
const ATTEMPTS = 5

/**
 * Removes an upload, and every other upload under its key: one whose answer was lost has no known id.
 * Listens to no cancellation. Returns whether it is certain that nothing is left. Throws UPLOAD_NOT_CLEANED
 * for the one that is known.
 */
export async function abortOpenUpload(store: Store, open: OpenUpload): Promise<boolean> {
  const { key, uploadId } = open
  if (uploadId !== null) await abortUpload(store, { key, uploadId })
  return await abortStrays(store, open, CLEAN_UP)
}

/**
 * Removes an upload and makes sure that no part is left: a part in flight when the abort arrives may survive
 * it (AWS, AbortMultipartUpload). Does nothing when the upload is gone. Throws UPLOAD_NOT_CLEANED.
 */
export async function abortUpload(store: Store, { key, uploadId }: KnownUpload): Promise<void> {
  const target = { Bucket: store.bucket, Key: key, UploadId: uploadId }
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await store
        .send(
          'abort the upload',
          (client, options) => client.send(new AbortMultipartUploadCommand(target), options),
          CLEAN_UP,
        )
        .catch(unlessGone)
      if ((await countParts(store, target)) === 0) return
      await sleep(200)
    }
    throw new Error(`parts are still there after ${ATTEMPTS} attempts`)
  } catch (error) {
    throw new OperatorError(
      'UPLOAD_NOT_CLEANED',
      `An unfinished upload is left behind and may cost money: ${errorMessage(error)}`,
      { hint: renderHint(renderAbortUpload(store.cliObject(key), uploadId)), cause: error },
    )
  }
}

function renderHint(command: string | undefined): string {
  return command === undefined ? 'Look for it with aws s3api list-multipart-uploads.' : `Run: ${command}`
}

/** Credentials that may not list parts have to believe the abort. */
async function countParts(
  store: Store,
  target: { Bucket: string; Key: string; UploadId: string },
): Promise<number> {
  try {
    const { Parts } = await store.send(
      'look for parts',
      (client, options) => client.send(new ListPartsCommand(target), options),
      CLEAN_UP,
    )
    return Parts?.length ?? 0
  } catch (error) {
    if (isNotFound(error) || isDenied(error)) return 0
    throw error
  }
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error
}

/**
 * Removes the other uploads under a key. They hold no parts, so where they cannot be found they are left to
 * the bucket's lifecycle rule. Never throws. Returns whether none is left for certain.
 */
export async function abortStrays(store: Store, open: OpenUpload, how: SendOptions = {}): Promise<boolean> {
  const input = { Bucket: store.bucket, Prefix: open.key }
  try {
    const { Uploads = [] } = await store.send(
      'look for uploads',
      (client, options) => client.send(new ListMultipartUploadsCommand(input), options),
      how,
    )
    for (const { Key, UploadId = '' } of Uploads) {
      if (Key === open.key && UploadId !== open.uploadId)
        await abortUpload(store, { key: Key, uploadId: UploadId })
    }
    return true
  } catch (error) {
    const why = isDenied(error) ? 'these credentials may not list uploads.' : errorMessage(error)
    store.log.info(`  An empty upload may be left behind: ${why}`)
    return false
  }
}
