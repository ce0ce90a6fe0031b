import { CompleteMultipartUploadCommand, type CompleteMultipartUploadCommandOutput } from '@aws-sdk/client-s3'
import { OperatorError } from '../../core/errors.ts'
import { type ObjectFacts, type StoredChecksum, toChecksum } from '../objects.ts'
import type { Store } from '../store.ts'
import { isDenied, isNotFound, isPreconditionFailed, lacksConditions } from '../store-error.ts'
import type { PartSender } from './part-sender.ts'
import type { SentContent } from './part-writer.ts'

/** What is completed. */
interface Completion {
  readonly key: string
  readonly uploadId: string
  readonly backupId: string
  readonly storageClass: string
  readonly sender: PartSender
  readonly content: SentContent
  /** Whether the store takes a checksum over the whole object and conditions. */
  readonly isFull: boolean
}

/** Makes the object appear, and confirms that it is what was sent. Throws STORE_CORRUPT. */
export async function completeUpload(store: Store, completion: Completion): Promise<ObjectFacts> {
  const answer = await assemble(store, completion)
  return await confirm(store, completion, answer)
}

type Assembled = Pick<ObjectFacts, 'etag' | 'versionId' | 'checksum'>

/**
 * What the store says of the assembled object; undefined when the answer was lost and only a look at it can
 * tell.
 */
async function assemble(
  store: Store,
  { key, uploadId, sender, content, isFull }: Completion,
): Promise<Assembled | undefined> {
  const input = {
    Bucket: store.bucket,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: { Parts: sender.completedParts() },
    ...(isFull && {
      ChecksumCRC32: content.crc32.full,
      ChecksumType: 'FULL_OBJECT' as const,
      MpuObjectSize: content.bytes,
    }),
  }
  const complete = (conditions: { readonly IfNoneMatch?: '*' }) =>
    store.send(`complete ${key}`, async (client, options) =>
      toAssembled(
        await client.send(new CompleteMultipartUploadCommand({ ...input, ...conditions }), options),
      ),
    )
  try {
    return await complete(isFull ? { IfNoneMatch: '*' } : {}).catch(error => {
      // A store may know checksums and no conditions; the name is unique anyway.
      if (isFull && lacksConditions(error)) return complete({})
      throw error
    })
  } catch (error) {
    // After a lost answer, the repeated request finds no upload any more, or the object in its place.
    if (isNotFound(error) || isPreconditionFailed(error)) return undefined
    throw error
  }
}

/**
 * A store may answer 200 and say in the body that it failed; only an ETag means success. Then it is asked
 * again.
 */
function toAssembled(answer: CompleteMultipartUploadCommandOutput): Assembled {
  const { ETag, VersionId, ChecksumCRC32, ChecksumType } = answer
  if (ETag === undefined) throw Object.assign(new Error('the answer has no ETag'), { name: 'IncompleteBody' })
  return { etag: ETag, versionId: VersionId ?? null, checksum: toChecksum(ChecksumCRC32, ChecksumType) }
}

/**
 * Compares what the store holds with what was sent: size, our metadata, and the checksum where it keeps one.
 */
async function confirm(
  store: Store,
  completion: Completion,
  answer: Assembled | undefined,
): Promise<ObjectFacts> {
  const { key, backupId, content } = completion
  const stored = await lookAt(store, completion, answer)
  const { checksum } = stored
  const problems = [
    stored.bytes !== content.bytes && `${stored.bytes} bytes instead of ${content.bytes}`,
    stored.metadata['backup-id'] !== backupId && `the backup id "${stored.metadata['backup-id'] ?? ''}"`,
    checksum !== null &&
      !isExpected(checksum, content) &&
      `${checksum.algorithm} ${checksum.value} instead of ${content.crc32.full}`,
  ].filter(problem => problem !== false)
  if (problems.length === 0) return stored
  throw new OperatorError('STORE_CORRUPT', `${store.uri(key)} has ${problems.join(', ')}.`, {
    hint: 'Do not use this object. Run the step again; if it happens twice, report it to the provider of the store.',
  })
}

/**
 * Ceph 20 calls the checksum of an upload of one part composite: it writes the checksum of the bytes, in HEAD
 * with `-1` behind it.
 */
function isExpected({ type, value }: StoredChecksum, { crc32, parts }: SentContent): boolean {
  if (type === 'FULL_OBJECT' || parts.length === 1) return value === crc32.full || value === `${crc32.full}-1`
  return value === crc32.composite
}

/** Credentials that may only write cannot look; then the store's answer to the upload has to do. */
async function lookAt(
  store: Store,
  { key, backupId, content, storageClass }: Completion,
  answer: Assembled | undefined,
): Promise<ObjectFacts> {
  try {
    const stored = await store.head(key)
    if (stored !== undefined) return stored
  } catch (error) {
    if (!isDenied(error) || answer === undefined) throw error
    store.log.info(
      'These credentials may not look at the archive (s3:GetObject), so its size rests on the answer to the upload.',
    )
    const metadata = { 'backup-id': backupId }
    return { ...answer, bytes: content.bytes, metadata, storageClass, thaw: undefined }
  }
  throw new OperatorError('STORE_CORRUPT', `${store.uri(key)} is not there after its upload was completed.`, {
    hint: 'Run the step again; if it happens twice, report it to the provider of the store.',
  })
}
