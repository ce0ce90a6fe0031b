import { RestoreObjectCommand, type Tier } from '@aws-sdk/client-s3'
import type { Manifest } from '../core/backup/manifest.ts'
import { THAW_DAYS, type ThawTier } from '../core/backup/thaw.ts'
import { OperatorError } from '../core/errors.ts'
import { type FoundArchive, headArchive } from './locate-archive.ts'
import { readRange } from './read-range.ts'
import type { Store } from './store.ts'
import { isArchived, isDenied, storeErrorName } from './store-error.ts'

/** An archive that cannot be read before the store has brought it back. */
export interface SleepingArchive {
  readonly key: string
  readonly versionId: string | null
  readonly storageClass: string
  /** It is asked for already. */
  readonly isUnderWay: boolean
}

/** Classes that every store reads at once. Of any other one, a byte is read to find out. */
const AWAKE = new Set(['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'GLACIER_IR', 'REDUCED_REDUNDANCY'])

/** The archive of a manifest where it is in cold storage; undefined where it can be read, or is gone. */
export async function findSleeping(
  store: Store,
  archive: Manifest['object'],
): Promise<SleepingArchive | undefined> {
  const found = await headArchive(store, archive)
  if (found === undefined || found.thaw === 'done' || AWAKE.has(found.storageClass)) return undefined
  const { key, versionId, storageClass } = found
  const isUnderWay = found.thaw === 'under-way'
  if (!isUnderWay && (await canRead(store, found))) return undefined
  return { key, versionId, storageClass, isUnderWay }
}

async function canRead(store: Store, found: FoundArchive): Promise<boolean> {
  try {
    await readRange(store, found, { from: 0, bytes: 1 }, () => {}, store.signal)
    return true
  } catch (error) {
    if (isArchived(error instanceof OperatorError ? error.cause : error)) return false
    throw error
  }
}

const TIERS: Readonly<Record<ThawTier, Tier>> = {
  standard: 'Standard',
  bulk: 'Bulk',
  expedited: 'Expedited',
}

/**
 * Asks the store to bring an archive back. Asking twice costs nothing: the second request finds the first.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
 */
export async function askForThaw(
  store: Store,
  { key, versionId, storageClass }: SleepingArchive,
  tier: ThawTier,
): Promise<void> {
  const input = {
    Bucket: store.bucket,
    Key: key,
    ...(versionId === null ? {} : { VersionId: versionId }),
    RestoreRequest: {
      // Intelligent-Tiering moves the object for good, and refuses days.
      ...(storageClass === 'INTELLIGENT_TIERING' ? {} : { Days: THAW_DAYS }),
      GlacierJobParameters: { Tier: TIERS[tier] },
    },
  }
  try {
    await store.send(`thaw ${key}`, (client, options) =>
      client.send(new RestoreObjectCommand(input), options),
    )
  } catch (error) {
    if (storeErrorName(error) === 'RestoreAlreadyInProgress') return
    if (!isDenied(error) || !(error instanceof OperatorError)) throw error
    throw error.withContext({
      hint: () => `Allow s3:RestoreObject on ${store.uri(key)} (examples/aws-oidc).`,
    })
  }
}
