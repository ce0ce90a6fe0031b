import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3'
import { renderAbortUpload } from '../../core/backup/aws-commands.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { CLEAN_UP, type SendOptions, type Store } from '../store.ts'
import { isDenied, isNotFound } from '../store-error.ts'

/** Names an upload that is not complete, for whoever has to clean up. */
export interface OpenUpload {
  readonly key: string
  readonly uploadId: string
}

const ATTEMPTS = 5

/**
 * Removes an upload and makes sure that no part is left: a part in flight when the abort arrives may survive it (AWS,
 * AbortMultipartUpload). Does nothing when the upload is gone. Listens to no cancellation. Throws UPLOAD_NOT_CLEANED.
 */
export async function abortUpload(store: Store, { key, uploadId }: OpenUpload): Promise<void> {
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
      {
        hint: `Run: ${renderAbortUpload(store.cliObject(key), uploadId)}`,
        cause: error,
      },
    )
  }
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
 * Removes uploads of the same name that nobody knows: the answer to their beginning was lost, and it was repeated.
 * They hold no parts, so whoever cannot find them leaves them to the bucket's lifecycle rule: never throws, for the one that is known has
 * to be handed on to whoever removes it.
 */
export async function abortStrays(store: Store, open: OpenUpload, how: SendOptions = {}): Promise<void> {
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
  } catch (error) {
    const why = isDenied(error) ? 'these credentials may not list uploads.' : errorMessage(error)
    store.log.info(`  An empty upload may be left behind: ${why}`)
  }
}
