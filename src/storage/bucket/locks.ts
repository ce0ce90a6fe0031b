import { DeleteObjectCommand, GetObjectLegalHoldCommand, GetObjectRetentionCommand } from '@aws-sdk/client-s3'
import type { ObjectLock } from '../../core/retention/select-deletions.ts'
import type { Store } from '../store.ts'
import { isNotFound, storeErrorName, storeErrorText } from '../store-error.ts'

/** Answers that mean: nothing holds this object. The second is Ceph's. */
const NO_LOCK = ['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError']
/** Stores without Object Lock: R2; Swift. */
const UNKNOWN_CALL = ['NotImplemented', 'MethodNotAllowed']
const UNLOCKED: ObjectLock = { until: null, isLegalHold: false }

/**
 * Reads what the store says about deleting a version. A refusal to tell is an error, STORE_DENIED: a lock
 * that cannot be read may be there. A bucket without Object Lock is asked once.
 */
export function lockReader(store: Store): (key: string, versionId: string | null) => Promise<ObjectLock> {
  let hasNoLocks = false
  return async (key, versionId) => {
    if (hasNoLocks) return UNLOCKED
    const input = { Bucket: store.bucket, Key: key, ...(versionId === null ? {} : { VersionId: versionId }) }
    try {
      return { until: await readRetention(store, input), isLegalHold: await readLegalHold(store, input) }
    } catch (error) {
      if (!meansNoLocks(error)) throw error
      hasNoLocks = true
      return UNLOCKED
    }
  }
}

type VersionInput = ConstructorParameters<typeof GetObjectRetentionCommand>[0]

async function readRetention(store: Store, input: VersionInput): Promise<Date | null> {
  const read = store.send(`read the retention of ${input.Key}`, (client, options) =>
    client.send(new GetObjectRetentionCommand(input), options),
  )
  const answer = await read.catch(unlessUnlocked)
  return answer?.Retention?.RetainUntilDate ?? null
}

async function readLegalHold(store: Store, input: VersionInput): Promise<boolean> {
  const read = store.send(`read the legal hold of ${input.Key}`, (client, options) =>
    client.send(new GetObjectLegalHoldCommand(input), options),
  )
  const answer = await read.catch(unlessUnlocked)
  return answer?.LegalHold?.Status === 'ON'
}

/** About this object; also when it is gone. */
function unlessUnlocked(error: unknown): undefined {
  if (!NO_LOCK.includes(storeErrorName(error)) && !isNotFound(error)) throw error
}

/** About the bucket. AWS: InvalidRequest, "Bucket is missing Object Lock Configuration". */
function meansNoLocks(error: unknown): boolean {
  const name = storeErrorName(error)
  if (UNKNOWN_CALL.includes(name)) return true
  return name === 'InvalidRequest' && /object ?lock/i.test(storeErrorText(error))
}

/** Deletes one version for good; in a store without versions, the object. */
export async function deleteVersion(store: Store, key: string, versionId: string | null): Promise<void> {
  const input = { Bucket: store.bucket, Key: key, ...(versionId === null ? {} : { VersionId: versionId }) }
  await store.send(
    `delete ${key}`,
    (client, options) => client.send(new DeleteObjectCommand(input), options),
    { mode: 'finish' },
  )
}
