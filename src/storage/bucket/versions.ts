import {
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3'
import { OperatorError } from '../../core/errors.ts'
import type { Store } from '../store.ts'
import { storeErrorName } from '../store-error.ts'

/** One version of an object, or a delete marker, as a listing shows it. */
export interface StoredVersion {
  readonly key: string
  /** `null` as text where the object is older than versioning; null where the store lists no versions. */
  readonly versionId: string | null
  readonly isLatest: boolean
  readonly isDeleteMarker: boolean
  readonly etag: string
  readonly bytes: number
  readonly storedAt: Date
  readonly storageClass: string
}

export interface VersionListing {
  readonly versions: readonly StoredVersion[]
  /** The store's clock when it began; undefined where its answers carry none. */
  readonly storeTime: Date | undefined
}

/** Answers of stores that know no versions: R2; Swift. */
const UNKNOWN_CALL = ['NotImplemented', 'MethodNotAllowed', '501', '405']

/**
 * Every version below a prefix, in the order of keys, newest version first. A store that cannot list versions
 * has one of each object. Throws STORE_FAILED for a listing that breaks off, so that a part is never taken
 * for the whole.
 */
export async function listVersions(store: Store, prefix: string): Promise<VersionListing> {
  try {
    return await listAllPages(prefix, marker => listVersionPage(store, prefix, marker))
  } catch (error) {
    if (!UNKNOWN_CALL.includes(storeErrorName(error))) throw error
    return listAllPages(prefix, marker => listObjectPage(store, prefix, marker))
  }
}

/** Where the next page begins. */
interface Marker {
  readonly key: string
  readonly versionId?: string | undefined
}

interface ListedPage {
  readonly versions: readonly StoredVersion[]
  readonly isTruncated: boolean
  readonly next: Marker | undefined
  readonly storeTime: Date | undefined
}

async function listAllPages(
  prefix: string,
  readPage: (from: Marker | undefined) => Promise<ListedPage>,
): Promise<VersionListing> {
  const versions: StoredVersion[] = []
  let page = await readPage(undefined)
  const { storeTime } = page
  // A store that answers with keys of others must not have them deleted.
  const take = (listed: ListedPage) =>
    versions.push(...listed.versions.filter(({ key }) => key.startsWith(prefix)))
  take(page)
  for (let from: Marker | undefined; page.isTruncated; ) {
    const { next } = page
    if (next === undefined || (next.key === from?.key && next.versionId === from.versionId))
      throw new OperatorError(
        'STORE_FAILED',
        `The listing of ${prefix} broke off after ${versions.length} objects.`,
        { hint: 'Run the step again. Report it to the store when it happens again.' },
      )
    from = next
    page = await readPage(from)
    take(page)
  }
  return { versions, storeTime }
}

async function listVersionPage(store: Store, prefix: string, from: Marker | undefined): Promise<ListedPage> {
  const command = new ListObjectVersionsCommand({
    Bucket: store.bucket,
    Prefix: prefix,
    ...(from && { KeyMarker: from.key, VersionIdMarker: from.versionId }),
  })
  const date = new AnswerDate()
  command.middlewareStack.add(date.note, { step: 'deserialize' })
  const page: ListObjectVersionsCommandOutput = await store.send(
    `list versions of ${prefix}`,
    (client, options) => client.send(command, options),
  )
  return {
    versions: inOrder([
      ...(page.Versions ?? []).map(version => toVersion(version, version.VersionId ?? null)),
      ...(page.DeleteMarkers ?? []).map(marker => ({
        ...toVersion(marker, marker.VersionId ?? null),
        isDeleteMarker: true,
      })),
    ]),
    isTruncated: page.IsTruncated === true,
    next: page.NextKeyMarker ? { key: page.NextKeyMarker, versionId: page.NextVersionIdMarker } : undefined,
    storeTime: date.value,
  }
}

async function listObjectPage(store: Store, prefix: string, from: Marker | undefined): Promise<ListedPage> {
  const command = new ListObjectsV2Command({
    Bucket: store.bucket,
    Prefix: prefix,
    ...(from && { ContinuationToken: from.key }),
  })
  const date = new AnswerDate()
  command.middlewareStack.add(date.note, { step: 'deserialize' })
  const page: ListObjectsV2CommandOutput = await store.send(`list ${prefix}`, (client, options) =>
    client.send(command, options),
  )
  return {
    versions: (page.Contents ?? []).map(object => ({ ...toVersion(object, null), isLatest: true })),
    isTruncated: page.IsTruncated === true,
    next: page.NextContinuationToken ? { key: page.NextContinuationToken } : undefined,
    storeTime: date.value,
  }
}

interface ListedFields {
  readonly Key?: string | undefined
  readonly IsLatest?: boolean | undefined
  readonly ETag?: string | undefined
  readonly Size?: number | undefined
  readonly LastModified?: Date | undefined
  readonly StorageClass?: string | undefined
}

function toVersion(fields: ListedFields, versionId: string | null): StoredVersion {
  return {
    key: fields.Key ?? '',
    versionId,
    isLatest: fields.IsLatest === true,
    isDeleteMarker: false,
    etag: fields.ETag ?? '',
    bytes: fields.Size ?? 0,
    storedAt: fields.LastModified ?? new Date(0),
    storageClass: fields.StorageClass ?? 'STANDARD',
  }
}

/** Stores give versions and markers apart. */
function inOrder(versions: readonly StoredVersion[]): readonly StoredVersion[] {
  return versions.toSorted(
    (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) || b.storedAt.getTime() - a.storedAt.getTime(),
  )
}

/**
 * The Date header of the answer, which the SDK does not hand on (RFC 9110 §6.6.1: a server with a clock sends
 * it).
 */
class AnswerDate {
  #date: Date | undefined

  get value(): Date | undefined {
    return this.#date
  }

  /** A middleware for the SDK's step `deserialize`. */
  readonly note =
    <Args, Result extends { readonly response: unknown }>(next: (args: Args) => Promise<Result>) =>
    async (args: Args): Promise<Result> => {
      const result = await next(args)
      this.#date = dateOf(result.response)
      return result
    }
}

function dateOf(response: unknown): Date | undefined {
  const headers = field(response, 'headers')
  const text = field(headers, 'date')
  const date = new Date(typeof text === 'string' ? text : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}
