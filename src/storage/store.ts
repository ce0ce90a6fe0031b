import { createHash } from 'node:crypto'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { CliObject } from '../core/backup/aws-commands.ts'
import type { Log } from '../core/log.ts'
import { createClient, type StoreConfig } from './client.ts'
import { withRetries } from './retry.ts'
import { isDenied, isNotFound, isPreconditionFailed, lacksConditions, storeError } from './store-error.ts'
import { TimeLimit, withGrace } from './time-limit.ts'

/** How long a request in mid-run is repeated. A store that restarts or a network that flaps is back by then. */
const PATIENCE_MS = 10 * 60_000
/** At the first contact nothing is at stake yet, and a wrong endpoint should not take ten minutes to tell. */
const FIRST_CONTACT_PATIENCE_MS = 20_000

/** How long clean-up tries, and waits for one answer: after a cancellation the runner kills the tree in 10 s. */
const CLEAN_UP_MS = 60_000
const HURRIED_CLEAN_UP_MS = 5000

/** Object bytes, or everything else. */
type Plane = 'data' | 'control'

/** What a store knows of one object. */
export interface ObjectFacts {
  readonly bytes: number
  readonly etag: string
  readonly versionId: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly storageClass: string
  /** The CRC32 that the store holds; null where it keeps none. */
  readonly checksum: StoredChecksum | null
}

/** FULL_OBJECT is over the bytes; COMPOSITE is over the checksums of the parts and ends in `-<number of parts>`. */
export interface StoredChecksum {
  readonly algorithm: 'CRC32'
  readonly type: 'FULL_OBJECT' | 'COMPOSITE'
  /** Base64. */
  readonly value: string
}

/** One bucket. Every request is repeated with patience, and every error is an OperatorError. */
export class Store implements Disposable {
  readonly config: StoreConfig
  readonly log: Log
  /** The job's cancellation. Clean-up requests do not listen to it. */
  readonly signal: AbortSignal
  readonly #clients = new Map<Plane, S3Client>()
  /** Clients with old credentials; requests that are under way end on them. */
  readonly #retired: S3Client[] = []
  #reached = false

  constructor(config: StoreConfig, log: Log, signal: AbortSignal) {
    this.config = config
    this.log = log
    this.signal = signal
  }

  get bucket(): string {
    return this.config.bucket
  }

  /** Where an object is, for a command of the aws CLI. */
  cliObject(key: string): CliObject {
    return { bucket: this.bucket, key, endpoint: this.config.endpoint }
  }

  /** `s3://bucket/key` */
  uri(key: string): string {
    return `s3://${this.bucket}/${key}`
  }

  /** The facts of an object, or undefined when there is none. */
  async head(key: string, how: SendOptions = {}): Promise<ObjectFacts | undefined> {
    const input = { Bucket: this.bucket, Key: key, ChecksumMode: 'ENABLED' } as const
    try {
      const found = await this.send(
        `look at ${key}`,
        (client, options) => client.send(new HeadObjectCommand(input), options),
        how,
      )
      return {
        bytes: found.ContentLength ?? 0,
        etag: found.ETag ?? '',
        versionId: found.VersionId ?? null,
        metadata: found.Metadata ?? {},
        storageClass: found.StorageClass ?? 'STANDARD',
        checksum: toChecksum(found.ChecksumCRC32, found.ChecksumType),
      }
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** Writes a small JSON object under a name that nobody has taken. */
  async putJson(key: string, json: string, options: JsonOptions): Promise<void> {
    const input = {
      Bucket: this.bucket,
      Key: key,
      Body: json,
      // A bucket that locks its objects takes none without it.
      ContentMD5: createHash('md5').update(json).digest('base64'),
      ContentType: 'application/json',
      ...sseFields(options.sse),
    }
    const what = `write ${key}`
    const put = (conditions: { readonly IfNoneMatch?: '*' }) =>
      this.send(
        what,
        (client, options) => client.send(new PutObjectCommand({ ...input, ...conditions }), options),
        options.outlivesCancellation === true && this.signal.aborted
          ? CLEAN_UP
          : { finishesWhenCancelled: true },
      )
    try {
      await put({ IfNoneMatch: '*' })
    } catch (error) {
      // A retry after a lost answer meets the first write; older stores know no conditions.
      if (isPreconditionFailed(error) && (await this.#holds(key, json))) return
      if (!lacksConditions(error)) throw error
      await put({})
    }
  }

  /** Whether an object is this text. Credentials that may not read have to believe it: our names are unique. */
  async #holds(key: string, json: string): Promise<boolean> {
    try {
      return (await this.getText(key)) === json
    } catch (error) {
      if (!isDenied(error)) throw error
      this.log.info(
        `  ${this.uri(key)} is there after a lost answer; these credentials may not read it back.`,
      )
      return true
    }
  }

  /** The text of a small object. */
  async getText(key: string, how: SendOptions = {}): Promise<string> {
    const input = { Bucket: this.bucket, Key: key }
    const read: Request<string> = async (client, options) => {
      const { Body } = await client.send(new GetObjectCommand(input), options)
      return (await Body?.transformToString()) ?? ''
    }
    return this.send(`read ${key}`, read, how)
  }

  /** As getText, or undefined where there is no such object. */
  async findText(key: string): Promise<string | undefined> {
    try {
      return await this.getText(key)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** Keys below a prefix, in order. */
  async list(prefix: string, how: SendOptions = {}): Promise<readonly string[]> {
    const keys: string[] = []
    let ContinuationToken: string | undefined
    do {
      const input = { Bucket: this.bucket, Prefix: prefix, ...(ContinuationToken && { ContinuationToken }) }
      const page = await this.send(
        `list ${prefix}`,
        (client, options) => client.send(new ListObjectsV2Command(input), options),
        how,
      )
      keys.push(...(page.Contents ?? []).map(object => object.Key ?? ''))
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    return keys
  }

  /** Removes one version of an object of ours; in an unversioned bucket, the object. */
  async remove(key: string, versionId: string | null): Promise<void> {
    const input = { Bucket: this.bucket, Key: key, ...(versionId === null ? {} : { VersionId: versionId }) }
    await this.send(
      `remove ${key}`,
      (client, options) => client.send(new DeleteObjectCommand(input), options),
      CLEAN_UP,
    )
  }

  /** Removes an object whose writing failed; true only when it is certain that there is none. */
  async removeForSure(key: string): Promise<boolean> {
    try {
      if ((await this.head(key, CLEAN_UP)) === undefined) return true
      await this.remove(key, null)
      return (await this.head(key, CLEAN_UP)) === undefined
    } catch {
      return false
    }
  }

  /**
   * Sends one request with patience. `what` completes "Could not …". The request gets the signal that ends it, so that
   * no silent store outlasts a cancellation. The OperatorError that it throws has the SDK's error as its cause, which
   * isNotFound and its like look at.
   */
  async send<T>(what: string, request: Request<T>, how: SendOptions = {}): Promise<T> {
    const { plane = 'control' } = how
    const signal = how.signal === null ? undefined : (how.signal ?? this.signal)
    const limit =
      signal === undefined
        ? new TimeLimit(this.signal.aborted ? HURRIED_CLEAN_UP_MS : CLEAN_UP_MS)
        : undefined
    let client = this.#client(plane)
    const attempt = async () => {
      client = this.#client(plane)
      if (limit !== undefined) return limit.apply(abortSignal => request(client, { abortSignal }))
      const abortSignal = signal ?? this.signal
      return request(client, {
        abortSignal: how.finishesWhenCancelled ? withGrace(abortSignal) : abortSignal,
      })
    }
    try {
      return await withRetries(what, attempt, {
        leftMs: failingMs =>
          limit?.leftMs ?? (this.#reached ? PATIENCE_MS : FIRST_CONTACT_PATIENCE_MS) - failingMs,
        signal,
        log: this.log,
        renew: () => this.#retire(plane, client),
      })
    } catch (error) {
      throw storeError(error, what, this.uri(''))
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const client of [...this.#clients.values(), ...this.#retired]) client.destroy()
    this.#clients.clear()
    this.#retired.length = 0
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #client(plane: Plane): S3Client {
    const known = this.#clients.get(plane)
    if (known !== undefined) return known
    const client = createClient(this.config, plane)
    client.middlewareStack.add(next => args => this.#noteAnswer(next(args)), { step: 'deserialize' })
    this.#clients.set(plane, client)
    return client
  }

  /** A good answer counts when it begins: a long body may take longer than the patience with a first contact. */
  async #noteAnswer<T>(answer: Promise<T>): Promise<T> {
    const good = await answer
    this.#reached = true
    return good
  }

  /** The next request fetches credentials anew; what is under way goes on. */
  #retire(plane: Plane, client: S3Client): void {
    if (this.#clients.get(plane) !== client) return
    this.#clients.delete(plane)
    this.#retired.push(client)
  }
}

export interface JsonOptions {
  readonly sse: ServerSideEncryption | undefined
  /** It is also written when the job has been cancelled, as clean-up is: with little patience. */
  readonly outlivesCancellation?: boolean
}

/** One request; the options are for the client's `send`. */
type Request<T> = (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>

export interface SendOptions {
  readonly plane?: Plane
  /** Instead of the job's cancellation; null is clean-up, which goes on after it, but not for long. */
  readonly signal?: AbortSignal | null
  /** An attempt that is under way at a cancellation gets a moment: what it did would otherwise be unknown. */
  readonly finishesWhenCancelled?: boolean
}

export const CLEAN_UP = { signal: null } as const

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

/** The checksum in an answer of the store; null where it keeps none that we know. */
export function toChecksum(value: string | undefined, type: string | undefined): StoredChecksum | null {
  if (value === undefined || (type !== 'FULL_OBJECT' && type !== 'COMPOSITE')) return null
  return { algorithm: 'CRC32', type, value }
}
