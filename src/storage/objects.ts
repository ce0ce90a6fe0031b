/** What a store knows of one object. */
export interface ObjectFacts {
  readonly bytes: number
  readonly etag: string
  readonly versionId: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string
  /** The CRC32 that the store holds; null where it keeps none. */
  readonly checksum: StoredChecksum | null
  /** Of an archived object: whether it is being brought back, or is there; undefined without a request. */
  readonly thaw: 'under-way' | 'done' | undefined
}

/**
 * FULL_OBJECT is over the bytes; COMPOSITE is over the checksums of the parts and ends in `-<number of
 * parts>`.
 */
export interface StoredChecksum {
  readonly algorithm: 'CRC32'
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
  /** Base64. */
  readonly value: string
}

/** The checksum in an answer of the store; null where it keeps none that we know. */
export function toChecksum(value: string | undefined, type: string | undefined): StoredChecksum | null {
  if (value === undefined || (type !== 'FULL_OBJECT' && type !== 'COMPOSITE')) return null
  return { algorithm: 'CRC32', type, value }
}

/** Encryption by the store: with its own keys, or with one of its key service. */
export interface ServerSideEncryption {
  readonly algorithm: 'AES256' | 'aws:kms' | 'aws:kms:dsse'
  readonly keyId: string | undefined
}

/** The request fields that ask for it; none where the bucket's default is to apply. */
export function sseFields(sse: ServerSideEncryption | undefined) {
  if (sse === undefined) return {}
  return {
    ServerSideEncryption: sse.algorithm,
    ...(sse.keyId === undefined ? {} : { SSEKMSKeyId: sse.keyId }),
  }
}

/** `name=value` pairs of an object. */
export type ObjectTags = ReadonlyArray<readonly [name: string, value: string]>

/** The request field that sets them. */
export function tagFields(tags: ObjectTags) {
  if (tags.length === 0) return {}
  return { Tagging: tags.map(tag => tag.map(encodeURIComponent).join('=')).join('&') }
}

/** `x-amz-restore: ongoing-request="false", expiry-date="…"` (AWS, HeadObject). */
export function toThaw(restore: string | undefined): ObjectFacts['thaw'] {
  if (restore === undefined) return undefined
  return restore.includes('ongoing-request="true"') ? 'under-way' : 'done'
}
