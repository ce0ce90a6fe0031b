import { CreateMultipartUploadCommand, type StorageClass } from '@aws-sdk/client-s3'
import { OperatorError } from '../../core/errors.ts'
import { sseFields, tagFields } from '../objects.ts'
import type { Store } from '../store.ts'
import { hadNoEffect, mayLackFeature, storeErrorText } from '../store-error.ts'
import { abortStrays, abortUpload } from './abort-upload.ts'
import type { ObjectRequest } from './upload-request.ts'

/** What an upload asks for beyond the plain operation, and what not every store has. */
type Feature = 'checksum' | 'storage-class' | 'object-tags' | 'sse'

export interface CreatedUpload {
  readonly uploadId: string
  readonly storageClass: string
  /** Whether the store computes a checksum over the whole object. */
  readonly keepsChecksum: boolean
}

/** The class that `auto` asks for first: a third cheaper than STANDARD, and readable at once. */
const AUTO_CLASS = 'STANDARD_IA'

/**
 * Begins a multipart upload. A store that refuses a feature is asked again without it; features that were
 * chosen by hand are never dropped: then the store's refusal names the input. Throws INVALID_INPUT, or what
 * the store says.
 */
export async function createUpload(store: Store, request: ObjectRequest): Promise<CreatedUpload> {
  const asked = featuresOf(store, request)
  let refusal: unknown
  for (const dropped of subsetsOf(asked)) {
    const wanted = asked.filter(feature => !dropped.includes(feature))
    const created = await create(store, request, wanted).catch(error => {
      if (!mayLackFeature(error)) throw error
      refusal ??= error
    })
    if (created === undefined) continue
    const missing = dropped.find(feature => isChosen(feature, request))
    if (missing === undefined) return report(store, created, dropped)
    await abortUpload(store, { key: request.key, uploadId: created.uploadId })
    request.remember?.(null)
    throw unsupported(missing, request, refusal)
  }
  throw refusal
}

function featuresOf(store: Store, request: ObjectRequest): readonly Feature[] {
  const asked: readonly (Feature | false)[] = [
    request.compatibility !== 'basic' && 'checksum',
    request.storageClass !== 'STANDARD' && 'storage-class',
    (store.config.tags ?? []).length > 0 && 'object-tags',
    store.config.sse !== undefined && 'sse',
  ]
  return asked.filter(feature => feature !== false)
}

/** Whether a person asked for it: then an upload without it is not what they want. */
function isChosen(feature: Feature, { compatibility, storageClass }: ObjectRequest): boolean {
  if (feature === 'checksum') return compatibility === 'full'
  return feature !== 'storage-class' || storageClass !== 'auto'
}

/** All subsets, the smallest first: so the first that passes names what the store lacks. */
function subsetsOf(features: readonly Feature[]): readonly (readonly Feature[])[] {
  const subsets = Array.from({ length: 2 ** features.length }, (_, bits) =>
    features.filter((_, i) => Math.floor(bits / 2 ** i) % 2 === 1),
  )
  return subsets.toSorted((a, b) => a.length - b.length)
}

function report(store: Store, created: CreatedUpload, dropped: readonly Feature[]): CreatedUpload {
  if (dropped.includes('storage-class'))
    store.log.info(`This store has no class ${AUTO_CLASS}: the archive goes to STANDARD.`)
  return created
}

const REFUSED: Readonly<Record<Exclude<Feature, 'checksum'>, string>> = {
  'storage-class': 'Expected a class that it has, such as STANDARD.',
  'object-tags': 'Expected none: this store takes no tags.',
  sse: 'Expected none, or an encryption and key that it has.',
}

function unsupported(feature: Feature, request: ObjectRequest, refusal: unknown): OperatorError {
  if (feature === 'checksum')
    return new OperatorError(
      'INVALID_INPUT',
      `s3-compatibility: the store refuses "full" (${storeErrorText(refusal)}). Expected "auto" or "basic".`,
      { hint: 'Set s3-compatibility to auto.', cause: refusal },
    )
  const value = feature === 'storage-class' ? ` "${request.storageClass}"` : ''
  return new OperatorError(
    'INVALID_INPUT',
    `${feature}: the store refuses it${value} (${storeErrorText(refusal)}). ${REFUSED[feature]}`,
    { hint: `Change ${feature} in the "with:" block of this step; nothing was uploaded.`, cause: refusal },
  )
}

/** Stores that do not know a checksum may ignore it: one that takes it names it in its answer. */
async function create(
  store: Store,
  request: ObjectRequest,
  features: readonly Feature[],
): Promise<CreatedUpload> {
  const { key, backupId, storageClass: chosen, remember = () => {} } = request
  const storageClass = !features.includes('storage-class')
    ? 'STANDARD'
    : chosen === 'auto'
      ? AUTO_CLASS
      : chosen
  const command = new CreateMultipartUploadCommand({
    Bucket: store.bucket,
    Key: key,
    ContentType: 'application/octet-stream',
    // Classes that the SDK does not know yet are the store's business; STANDARD is what stores do without the
    // header.
    ...(storageClass !== 'STANDARD' && { StorageClass: storageClass as StorageClass }),
    Metadata: { 'backup-id': backupId },
    ...(features.includes('sse') && sseFields(store.config.sse)),
    ...(features.includes('object-tags') && tagFields(store.config.tags ?? [])),
    ...(features.includes('checksum') && { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }),
  })
  remember({ key, uploadId: null })
  let tries = 0
  let mayExist = false
  const { UploadId, ChecksumAlgorithm } = await store
    .send(
      `begin an upload of ${key}`,
      async (client, options) => {
        tries += 1
        try {
          const answer = await client.send(command, options)
          tries += (answer.$metadata.attempts ?? 1) - 1
          return answer
        } catch (error) {
          mayExist ||= !hadNoEffect(error)
          throw error
        }
      },
      { mode: 'finish' },
    )
    .catch(async error => {
      if (!mayExist || (await abortStrays(store, { key, uploadId: null }, { mode: 'clean-up' })))
        remember(null)
      throw error
    })
  if (UploadId === undefined) throw new Error('The store gave the upload no id')
  if (tries > 1) await abortStrays(store, { key, uploadId: UploadId })
  return { uploadId: UploadId, storageClass, keepsChecksum: ChecksumAlgorithm === 'CRC32' }
}
