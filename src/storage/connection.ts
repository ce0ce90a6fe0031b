import type { S3Client } from '@aws-sdk/client-s3'
import type { CliObject } from '../core/backup/aws-commands.ts'
import type { Log } from '../core/log.ts'
import { type RetryPolicy, retry } from '../net/retry.ts'
import { type Agents, createClient, createStoreAgents, type StoreConfig } from './client.ts'
import { isExpired, isTransient, storeError, storeErrorText } from './store-error.ts'
import { CleanUpTime, withGrace } from './time-limit.ts'

/**
 * How long a request in mid-run is repeated. A store that restarts or a network that flaps is back by then.
 */
const PATIENCE_MS = 10 * 60_000
/**
 * At the first contact nothing is at stake yet, and a wrong endpoint should not take ten minutes to report.
 */
const FIRST_CONTACT_PATIENCE_MS = 20_000
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000
/** Fresh credentials are fetched so often before their refusal is final. */
const RENEWALS = 3

/** Object bytes, or everything else. */
type Plane = 'data' | 'control'

/** One request; the options are for the client's `send`. */
export type StoreRequest<T> = (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>

export interface SendOptions {
  readonly plane?: Plane
  /** Instead of the job's cancellation. */
  readonly signal?: AbortSignal
  /**
   * `finish`: an attempt that is under way at a cancellation gets a moment, because its outcome would
   * otherwise be unknown. `clean-up`: goes on after a cancellation, but not for long.
   */
  readonly mode?: 'finish' | 'clean-up'
}

/** The way to one bucket. Every request is repeated with patience, and every error is an OperatorError. */
export class StoreConnection implements Disposable {
  readonly config: StoreConfig
  readonly log: Log
  /** The job's cancellation. Clean-up requests do not listen to it. */
  readonly signal: AbortSignal
  readonly #clients = new Map<Plane, S3Client>()
  #agents: Agents | undefined
  /** Clients with old credentials; requests that are under way end on them. */
  readonly #retired: S3Client[] = []
  readonly #cleanUpTime: CleanUpTime
  #reached = false

  constructor(config: StoreConfig, log: Log, signal: AbortSignal) {
    this.config = config
    this.log = log
    this.signal = signal
    this.#cleanUpTime = new CleanUpTime(signal)
    for (const notice of config.notices ?? []) log.info(notice)
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

  /**
   * Sends one request with patience. `what` completes "Could not …". The request gets the signal that ends
   * it, so that no silent store outlasts a cancellation. The OperatorError that it throws has the SDK's error
   * as its cause, which isNotFound and its like look at.
   */
  async send<T>(what: string, request: StoreRequest<T>, how: SendOptions = {}): Promise<T> {
    try {
      return how.mode === 'clean-up'
        ? await this.#cleanUp(what, request, how)
        : await this.#repeat(what, request, how)
    } catch (error) {
      throw storeError(error, what, this.uri(''), this.config)
    }
  }

  /** Closes all connections. */
  close(): void {
    for (const client of [...this.#clients.values(), ...this.#retired]) client.destroy()
    this.#clients.clear()
    this.#retired.length = 0
    this.#agents = undefined
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #repeat<T>(what: string, request: StoreRequest<T>, how: SendOptions): Promise<T> {
    const { plane = 'control', signal = this.signal, mode } = how
    const { client, mayRepeat } = this.#renewingClient(plane)
    const attempt = () => request(client(), { abortSignal: mode === 'finish' ? withGrace(signal) : signal })
    const leftMs = (failingMs: number) =>
      (this.#reached ? PATIENCE_MS : FIRST_CONTACT_PATIENCE_MS) - failingMs
    return await retry(what, attempt, this.#policy({ leftMs, signal, mayRepeat }))
  }

  async #cleanUp<T>(what: string, request: StoreRequest<T>, { plane = 'control' }: SendOptions): Promise<T> {
    using limit = this.#cleanUpTime.limitRequest()
    const { signal } = limit
    const { client, mayRepeat } = this.#renewingClient(plane)
    const attempt = async () => {
      try {
        return await request(client(), { abortSignal: signal })
      } catch (error) {
        throw signal.aborted ? signal.reason : error
      }
    }
    return await retry(what, attempt, this.#policy({ leftMs: () => limit.leftMs, signal, mayRepeat }))
  }

  #policy(own: Pick<RetryPolicy, 'leftMs' | 'signal' | 'mayRepeat'>): RetryPolicy {
    return {
      firstDelayMs: FIRST_DELAY_MS,
      longestDelayMs: LONGEST_DELAY_MS,
      describe: storeErrorText,
      log: this.log,
      ...own,
    }
  }

  /**
   * The client of each attempt, and the rule that gives the next one fresh credentials where the old ran out.
   */
  #renewingClient(plane: Plane) {
    let used: S3Client | undefined
    let renewals = 0
    const client = () => {
      used = this.#client(plane)
      return used
    }
    const mayRepeat = (error: unknown) => {
      if (!isExpired(error)) return isTransient(error)
      if (used !== undefined) this.#retire(plane, used)
      renewals += 1
      return renewals <= RENEWALS
    }
    return { client, mayRepeat }
  }

  #client(plane: Plane): S3Client {
    const known = this.#clients.get(plane)
    if (known !== undefined) return known
    this.#agents ??= createStoreAgents(this.config)
    const client = createClient(this.config, plane, this.#agents)
    client.middlewareStack.add(next => args => this.#noteAnswer(next(args)), { step: 'deserialize' })
    this.#clients.set(plane, client)
    return client
  }

  /**
   * A good answer counts when it begins: a long body may take longer than the patience with a first contact.
   */
  async #noteAnswer<T>(answer: Promise<T>): Promise<T> {
    const good = await answer
    this.#reached = true
    return good
  }

  /** The next request fetches new credentials; what is under way goes on. */
  #retire(plane: Plane, client: S3Client): void {
    if (this.#clients.get(plane) !== client) return
    this.#clients.delete(plane)
    this.#retired.push(client)
  }
}
