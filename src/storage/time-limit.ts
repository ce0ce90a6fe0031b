/** Ends whatever does not answer within a time that runs from now. */
export class TimeLimit {
  readonly #limitMs: number
  readonly #signal: AbortSignal
  readonly #startedAt = performance.now()

  constructor(limitMs: number) {
    this.#limitMs = limitMs
    this.#signal = AbortSignal.timeout(limitMs)
  }

  get leftMs(): number {
    return this.#startedAt + this.#limitMs - performance.now()
  }

  async apply<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await request(this.#signal)
    } catch (error) {
      if (!this.#signal.aborted) throw error
      throw Object.assign(new Error(`no answer within ${this.#limitMs / 1000} s`), { name: 'TimeoutError' })
    }
  }
}

/** What is under way when a job is cancelled gets this long to finish. */
const GRACE_MS = 2000

/** Aborted a moment after the other. Throws its reason where that has been aborted already: then nothing new begins. */
export function withGrace(signal: AbortSignal): AbortSignal {
  signal.throwIfAborted()
  const late = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => late.abort(signal.reason), GRACE_MS), {
    once: true,
  })
  return late.signal
}
