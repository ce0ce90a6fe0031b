import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { type SendOptions, StoreConnection } from './connection.ts'
import { type ListOptions, listKeys, listNewest, type NewestOptions } from './list.ts'
import { type ObjectFacts, sseFields, tagFields, toChecksum, toThaw } from './objects.ts'
import { readText } from './read-text.ts'
import { hadNoEffect, isDenied, isNotFound, isPreconditionFailed, lacksConditions } from './store-error.ts'

export type { ObjectFacts } from './objects.ts'

interface JsonOptions {
  /** Short facts that a HEAD gives back. Lower-case names; values of printable ASCII. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Stored as it is: a manifest has names of tables, and no output of commands. */
  readonly isExact?: boolean
  /** It is also written when the job has been cancelled, as clean-up is: with little patience. */
  readonly outlivesCancellation?: boolean
}

/** One bucket and its objects. */
export class Store extends StoreConnection {
  /** The facts of an object, or of one version of it; undefined when there is none. */
  async head(
    key: string,
    how: SendOptions & { readonly versionId?: string } = {},
  ): Promise<ObjectFacts | undefined> {
    const version = how.versionId === undefined ? {} : { VersionId: how.versionId }
    const input = { Bucket: this.bucket, Key: key, ChecksumMode: 'ENABLED', ...version } as const
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
        thaw: toThaw(found.Restore),
      }
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** Writes a small JSON object under a name that is free, with its SHA-256 as metadata. */
  async putJson(key: string, document: string, options: JsonOptions = {}): Promise<void> {
    const { scrub } = this.config
    const json = options.isExact || !scrub ? document : scrub(document, this.uri(key))
    const input = {
      Bucket: this.bucket,
      Key: key,
      Body: json,
      // A bucket that locks its objects takes none without it.
      ContentMD5: createHash('md5').update(json).digest('base64'),
      ContentType: 'application/json',
      // An ETag proves nothing where a key service encrypts.
      Metadata: { ...options.metadata, sha256: createHash('sha256').update(json).digest('hex') },
      ...sseFields(this.config.sse),
      ...tagFields(this.config.tags ?? []),
    }
    const isCleanUp = options.outlivesCancellation === true && this.signal.aborted
    const put = (conditions: { readonly IfNoneMatch?: '*' }) =>
      this.send(
        `write ${key}`,
        (client, options) => client.send(new PutObjectCommand({ ...input, ...conditions }), options),
        { mode: isCleanUp ? 'clean-up' : 'finish' },
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

  /**
   * Whether an object is this text. Credentials that may not read have to believe it: our names are unique.
   */
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
    return await readText(this, key, how)
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
  async list(prefix: string, how: ListOptions = {}): Promise<readonly string[]> {
    return await listKeys(this, prefix, how)
  }

  /**
   * Keys whose names begin with an instant, newest first, in batches that go further and further back: a
   * reader that has enough stops, and the history is never listed.
   */
  newest(prefix: string, how: NewestOptions = {}): AsyncGenerator<readonly string[], void> {
    return listNewest(this, prefix, how)
  }

  /** Removes one version of an object of ours; in an unversioned bucket, the object. */
  async remove(key: string, versionId: string | null): Promise<void> {
    const input = { Bucket: this.bucket, Key: key, ...(versionId === null ? {} : { VersionId: versionId }) }
    await this.send(
      `remove ${key}`,
      (client, options) => client.send(new DeleteObjectCommand(input), options),
      { mode: 'clean-up' },
    )
  }

  /**
   * Removes an object whose writing failed with `error`; true only when it is certain that there is none. A
   * write without an answer may take effect later: it is looked for once more, and after a cancellation,
   * which leaves no time for that, nothing is certain.
   */
  async removeForSure(key: string, error: unknown): Promise<boolean> {
    const isRefused = hadNoEffect(error)
    try {
      if ((await this.head(key, CLEAN_UP)) === undefined) {
        if (isRefused) return true
        if (this.signal.aborted) return false
        await sleep(LATE_EFFECT_MS)
        if ((await this.head(key, CLEAN_UP)) === undefined) return true
      }
      await this.remove(key, null)
      return (await this.head(key, CLEAN_UP)) === undefined
    } catch {
      return false
    }
  }
}

const CLEAN_UP: SendOptions = { mode: 'clean-up' }
/** A write whose answer was lost takes effect within this time, as far as anyone has seen. */
const LATE_EFFECT_MS = 3000
