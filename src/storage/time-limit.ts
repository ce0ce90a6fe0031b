/** How long clean-up tries, and waits for one answer. */
const CLEAN_UP_MS = 60_000
/** All clean-up together, once the job has been cancelled: the runner kills the tree after 10 s. */
const HURRIED_CLEAN_UP_MS = 5000

/** Ends work at a deadline that may come nearer. */
class TimeLimit implements Disposable {
  readonly #abort = new AbortController()
  readonly #startedAt = performance.now()
  #deadline = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #stopListening = () => {}

  constructor(limitMs: number) {
    this.shorten(this.#startedAt + limitMs)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get leftMs(): number {
    return this.#deadline - performance.now()
  }

  /** Moves the deadline, in the time of performance.now(), nearer; never away. */
  shorten(deadline: number): void {
    if (deadline >= this.#deadline) return
    this.#deadline = deadline
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#end(), Math.max(0, this.leftMs))
    this.#timer.unref()
  }

  /** Shortens the limit when a signal is aborted, or now where it is. */
  shortenOn(signal: AbortSignal, deadline: () => number): void {
    const shorten = () => this.shorten(deadline())
    if (signal.aborted) shorten()
    else signal.addEventListener('abort', shorten, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', shorten)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#stopListening()
  }

  #end(): void {
    const seconds = Math.round((performance.now() - this.#startedAt) / 100) / 10
    this.#abort.abort(Object.assign(new Error(`no answer within ${seconds} s`), { name: 'TimeoutError' }))
  }
}

/**
 * The time that clean-up has: a minute a request, and a few seconds for all of it once the job has been
 * cancelled.
 */
export class CleanUpTime {
  readonly #job: AbortSignal
  #hurriedDeadline: number | undefined

  constructor(job: AbortSignal) {
    this.#job = job
  }

  /** The limit of one request. A cancellation while it is under way shortens it. */
  limitRequest(): TimeLimit {
    const limit = new TimeLimit(CLEAN_UP_MS)
    limit.shortenOn(this.#job, () => {
      this.#hurriedDeadline ??= performance.now() + HURRIED_CLEAN_UP_MS
      return this.#hurriedDeadline
    })
    return limit
  }
}

/** A request that is under way when the job is cancelled gets this long to finish. */
const GRACE_MS = 2000

/**
 * Aborted a moment after the other. Throws its reason where that has been aborted already: then nothing new
 * begins.
 */
export function withGrace(signal: AbortSignal): AbortSignal {
  signal.throwIfAborted()
  const late = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => late.abort(signal.reason), GRACE_MS), {
    once: true,
  })
  return late.signal
}
