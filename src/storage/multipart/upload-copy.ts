import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { renderDuration } from '../../core/text/duration.ts'
import type { StoreConfig } from '../client.ts'
import { Store } from '../store.ts'
import type { Follower } from './part-writer.ts'
import { beginStoreUpload, type StoreUpload } from './store-upload.ts'
import type { ObjectRequest } from './upload-request.ts'

/** The tables are locked while an upload begins: a store that does not answer gets no longer. */
const BEGIN_MS = 10_000
/** Node's timers fire at once when they are set for longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * One more upload of the same bytes, to a store of its own. It never fails the first: it may keep the step
 * waiting for a time, all waits together, and then gives up. Disposing it removes what was not kept, closes
 * its connections and never throws.
 */
export class UploadCopy implements AsyncDisposable {
  readonly store: Store
  readonly #request: ObjectRequest
  readonly #giveUp = new AbortController()
  readonly #timeoutMs: number
  #leftMs: number
  #upload: StoreUpload | undefined
  #failure: unknown
  #isDiscarded = false

  constructor(
    request: ObjectRequest & { readonly config: StoreConfig },
    timeoutMs: number,
    first: Pick<Store, 'log' | 'signal'>,
  ) {
    const { config } = request
    this.#request = request
    this.#timeoutMs = timeoutMs
    this.#leftMs = timeoutMs
    const signal = AbortSignal.any([first.signal, this.#giveUp.signal])
    this.store = new Store(config, named(first.log, config.bucket), signal)
  }

  /** Whether it was begun in a store that keeps no checksums and may take fewer parts. */
  get isUnknown(): boolean {
    return this.#upload?.isFull === false
  }

  /** Begins the upload. Never throws. */
  async begin(): Promise<void> {
    try {
      await this.#holdUp(async () => {
        this.#upload = await beginStoreUpload(this.store, this.#request)
      }, BEGIN_MS)
    } catch (error) {
      this.#failure = error
    }
  }

  /** As the writer needs it; none where it could not be begun. */
  followers(): readonly Follower[] {
    if (this.#upload === undefined) return []
    const { sender } = this.#upload
    return [{ sender, holdUp: work => this.#holdUp(() => work) }]
  }

  /**
   * Waits until every part is acknowledged, then does `work`, which completes the upload and writes what
   * belongs to it. Throws why there is no copy.
   */
  async finish<T>(work: (upload: StoreUpload) => Promise<T>): Promise<T> {
    const upload = this.#upload
    if (upload === undefined) throw this.#failure
    return await this.#holdUp(async () => {
      await upload.sender.finish()
      return await work(upload)
    })
  }

  /** Removes what was not kept. Returns what went wrong with that; the post phase tries it again. */
  async discard(): Promise<OperatorError | undefined> {
    if (this.#isDiscarded) return undefined
    this.#isDiscarded = true
    try {
      await this.#upload?.[Symbol.asyncDispose]()
      return undefined
    } catch (error) {
      const known = error instanceof OperatorError
      const problem = known ? error : new OperatorError('UPLOAD_NOT_CLEANED', errorMessage(error))
      return problem.withContext({ after: 'The end of the job tries again.' })
    } finally {
      this.store.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const problem = await this.discard()
    if (problem !== undefined)
      this.store.log.warning([problem.message, problem.hint].filter(Boolean).join(' '))
  }

  /** Does work for which the step waits. When the time is up, every request of this copy ends. */
  async #holdUp<T>(work: () => Promise<T>, limitMs = this.#leftMs): Promise<T> {
    const startedAt = performance.now()
    const timer = setTimeout(
      () => this.#giveUp.abort(this.#tooSlow()),
      Math.min(limitMs, this.#leftMs, LONGEST_TIMER_MS),
    )
    try {
      return await work()
    } finally {
      clearTimeout(timer)
      this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - startedAt))
    }
  }

  #tooSlow(): OperatorError {
    const limitMs = this.#upload === undefined ? Math.min(BEGIN_MS, this.#timeoutMs) : this.#timeoutMs
    return new OperatorError(
      'COPY_FAILED',
      `The step has waited ${renderDuration(limitMs)} for this store, as long as it may.`,
      { hint: 'Find out why the store is slow, or raise copy-timeout.' },
    )
  }
}

/** Its lines say which store they are about. */
function named(log: Log, bucket: string): Log {
  const name = (text: string) => `Copy in ${bucket}: ${text.trim()}`
  return {
    ...log,
    info: text => log.info(name(text)),
    debug: text => log.debug(name(text)),
    warning: text => log.warning(name(text)),
  }
}
