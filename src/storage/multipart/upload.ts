import {
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  type StorageClass,
} from '@aws-sdk/client-s3'
import type { ByteSource } from '../../core/byte-source.ts'
import { OperatorError } from '../../core/errors.ts'
import {
  CLEAN_UP,
  type ObjectFacts,
  type ServerSideEncryption,
  type Store,
  type StoredChecksum,
  sseFields,
  toChecksum,
} from '../store.ts'
import {
  isDenied,
  isNotFound,
  isPreconditionFailed,
  lacksConditions,
  mayLackChecksums,
} from '../store-error.ts'
import { abortStrays, abortUpload, type OpenUpload } from './abort-upload.ts'
import { planParts } from './part-size.ts'
import { PartWriter, type SentContent } from './part-writer.ts'

/**
 * What is asked of a store. `full`: a checksum over the whole object and conditional writes; `basic`: neither, in
 * parts that are large enough for stores that take 1,000 of them; `auto`: full where the store takes it.
 */
export const COMPATIBILITY = ['auto', 'full', 'basic'] as const
export type Compatibility = (typeof COMPATIBILITY)[number]

export interface UploadRequest {
  readonly key: string
  /** Kept as object metadata `backup-id`: tells our object from another after a lost answer. */
  readonly backupId: string
  /** The size of the database, which decides the size of the parts. */
  readonly databaseBytes: number
  readonly storageClass: string
  readonly sse: ServerSideEncryption | undefined
  readonly tags: ReadonlyArray<readonly [name: string, value: string]>
  readonly compatibility: Compatibility
  /** Told the upload while there is something to clean up, and null when there is not: state for a post phase. */
  readonly remember?: (open: OpenUpload | null) => void
}

/** An upload in progress. Disposing it without `keep` leaves no object and no part. */
export interface Upload extends AsyncDisposable {
  readonly open: OpenUpload
  /** Bytes that the store has acknowledged. */
  readonly acknowledgedBytes: number
  /** Sends a stream to its end and waits until every part is acknowledged. */
  write(source: ByteSource): Promise<SentContent>
  /** Makes the object appear. Call it only when the source ended well: an end of file alone does not say so. */
  complete(content: SentContent): Promise<ObjectFacts>
  /** From here on the object stays. */
  keep(): void
}

/**
 * Begins a multipart upload, always: then a bucket that cannot be written shows before anything is dumped, and nothing
 * appears in it before `complete`. A store that refuses a checksum over the whole object is asked again without, one
 * that does not confirm it is not trusted with it, and the log says so.
 *
 * Not @aws-sdk/lib-storage: it completes an upload whose source was cut short, leaves parts in flight when aborted,
 * allocates every part anew and knows no checksum over the whole object. See docs/adr/0004-multipart-uploader.md.
 */
export async function beginUpload(store: Store, request: UploadRequest): Promise<Upload> {
  const { compatibility } = request
  if (compatibility !== 'auto') {
    const { uploadId } = await create(store, request, compatibility)
    return startUpload(store, request, uploadId, compatibility)
  }
  const { uploadId, keepsChecksum } = await create(store, request, 'full').catch(async error => {
    if (!mayLackChecksums(error)) throw error
    return create(store, request, 'basic')
  })
  if (!keepsChecksum) store.log.info(NO_CHECKSUM)
  return startUpload(store, request, uploadId, keepsChecksum ? 'full' : 'basic')
}

const NO_CHECKSUM =
  'This store keeps no checksum over whole objects. Each part is still verified by its SHA-256.'

type Mode = Exclude<Compatibility, 'auto'>

function startUpload(store: Store, request: UploadRequest, uploadId: string, mode: Mode): Upload {
  const open = { key: request.key, uploadId }
  const writer = new PartWriter(
    store,
    open,
    planParts(request.databaseBytes, mode === 'full' ? 'known' : 'unknown'),
    mode === 'full' ? 'crc32' : 'md5',
  )
  const { remember = () => {} } = request
  let mayExist = false
  let isKept = false
  remember(open)
  return {
    open,
    get acknowledgedBytes() {
      return writer.acknowledgedBytes
    },
    write: source => writer.write(source),
    async complete(content) {
      mayExist = true
      const answer = await assemble(store, open, writer, content, mode)
      const stored = await confirm(store, request, content, answer)
      if (mode === 'full' && stored.checksum === null) store.log.info(NO_CHECKSUM)
      return stored
    },
    keep: () => {
      isKept = true
      remember(null)
    },
    async [Symbol.asyncDispose]() {
      if (isKept) return
      await writer.stop()
      await abortUpload(store, open)
      if (mayExist) await removeOurs(store, open.key, request.backupId)
      remember(null)
    },
  }
}

/** Stores that do not know a checksum may pass over it without a word: one that takes it names it in its answer. */
async function create(
  store: Store,
  request: UploadRequest,
  mode: Mode,
): Promise<{ readonly uploadId: string; readonly keepsChecksum: boolean }> {
  const command = new CreateMultipartUploadCommand({
    Bucket: store.bucket,
    Key: request.key,
    ContentType: 'application/octet-stream',
    // Classes that the SDK does not know yet are the store's business.
    StorageClass: request.storageClass as StorageClass,
    Metadata: { 'backup-id': request.backupId },
    ...sseFields(request.sse),
    ...(request.tags.length > 0 && {
      Tagging: request.tags.map(tag => tag.map(encodeURIComponent).join('=')).join('&'),
    }),
    ...(mode === 'full' && { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }),
  })
  let tries = 0
  const { UploadId, ChecksumAlgorithm } = await store
    .send(
      `begin an upload of ${request.key}`,
      async (client, options) => {
        tries += 1
        const answer = await client.send(command, options)
        tries += (answer.$metadata.attempts ?? 1) - 1
        return answer
      },
      { finishesWhenCancelled: true },
    )
    .catch(async error => {
      // The store may have begun one all the same.
      if (tries > 0 && store.signal.aborted)
        await abortStrays(store, { key: request.key, uploadId: '' }, CLEAN_UP)
      throw error
    })
  if (UploadId === undefined) throw new Error('The store gave the upload no id')
  if (tries > 1) await abortStrays(store, { key: request.key, uploadId: UploadId })
  return { uploadId: UploadId, keepsChecksum: ChecksumAlgorithm === 'CRC32' }
}

/** What the store says of the assembled object; undefined when the answer was lost and only a look at it can tell. */
async function assemble(
  store: Store,
  { key, uploadId }: OpenUpload,
  writer: PartWriter,
  content: SentContent,
  mode: Mode,
): Promise<Assembled | undefined> {
  const input = {
    Bucket: store.bucket,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: { Parts: writer.completedParts() },
    ...(mode === 'full' && {
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
    return await complete(mode === 'full' ? { IfNoneMatch: '*' } : {}).catch(error => {
      // A store may know checksums and no conditions; the name is unique anyway.
      if (mode === 'full' && lacksConditions(error)) return complete({})
      throw error
    })
  } catch (error) {
    // After a lost answer, the repeated request finds no upload any more, or the object in its place.
    if (isNotFound(error) || isPreconditionFailed(error)) return undefined
    throw error
  }
}

type Assembled = Pick<ObjectFacts, 'etag' | 'versionId' | 'checksum'>

/** A store may answer 200 and say in the body that it failed; only an ETag means success. Then it is asked again. */
function toAssembled(answer: CompleteMultipartUploadCommandOutput): Assembled {
  const { ETag, VersionId, ChecksumCRC32, ChecksumType } = answer
  if (ETag === undefined) throw Object.assign(new Error('the answer has no ETag'), { name: 'IncompleteBody' })
  return { etag: ETag, versionId: VersionId ?? null, checksum: toChecksum(ChecksumCRC32, ChecksumType) }
}

/** Compares what the store holds with what was sent: size, our metadata, and the checksum where it keeps one. */
async function confirm(
  store: Store,
  request: UploadRequest,
  content: SentContent,
  answer: Assembled | undefined,
): Promise<ObjectFacts> {
  const stored = await lookAt(store, request, content, answer)
  const { checksum } = stored
  const problems = [
    stored.bytes !== content.bytes && `${stored.bytes} bytes instead of ${content.bytes}`,
    stored.metadata['backup-id'] !== request.backupId &&
      `the backup id "${stored.metadata['backup-id'] ?? ''}"`,
    checksum !== null &&
      !isExpected(checksum, content) &&
      `${checksum.algorithm} ${checksum.value} instead of ${content.crc32.full}`,
  ].filter(problem => problem !== false)
  if (problems.length > 0) {
    throw new OperatorError('STORE_CORRUPT', `${store.uri(request.key)} has ${problems.join(', ')}.`, {
      hint: 'Do not use this object. Run the step again; if it happens twice, report it to the provider of the store.',
    })
  }
  return stored
}

/**
 * Ceph 20 calls the checksum of an upload of one part composite: it writes the checksum of the bytes, in HEAD with `-1`
 * behind it.
 */
function isExpected({ type, value }: StoredChecksum, { crc32, parts }: SentContent): boolean {
  if (type === 'FULL_OBJECT' || parts.length === 1) return value === crc32.full || value === `${crc32.full}-1`
  return value === crc32.composite
}

/** Credentials that may only write cannot look; then the store's answer to the upload has to do. */
async function lookAt(
  store: Store,
  request: UploadRequest,
  content: SentContent,
  answer: Assembled | undefined,
): Promise<ObjectFacts> {
  try {
    const stored = await store.head(request.key)
    if (stored !== undefined) return stored
  } catch (error) {
    if (!isDenied(error) || answer === undefined) throw error
    store.log.info(
      'These credentials may not look at the archive (s3:GetObject), so its size rests on the answer to the upload.',
    )
    const metadata = { 'backup-id': request.backupId }
    return { ...answer, bytes: content.bytes, metadata, storageClass: request.storageClass }
  }
  throw new OperatorError(
    'STORE_CORRUPT',
    `${store.uri(request.key)} is not there after its upload was completed.`,
    {
      hint: 'Run the step again; if it happens twice, report it to the provider of the store.',
    },
  )
}

/** Removes the object of this backup, and no other that may lie under its name. Does nothing when there is none. */
export async function removeOurs(store: Store, key: string, backupId: string): Promise<void> {
  const left = await store.head(key, CLEAN_UP)
  if (left?.metadata['backup-id'] === backupId) await store.remove(key, left.versionId)
}
