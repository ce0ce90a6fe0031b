import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, OperatorError } from '../core/errors.ts'
import type * as d from '../core/json/decode.ts'
import type { Log } from '../core/log.ts'
import type { Secret } from '../core/secret.ts'
import { readBody } from '../net/read-body.ts'
import { fetchWeb } from '../net/web-request.ts'
import {
  type ApiAnswer,
  askedPauseMs,
  describeAnswer,
  isAnswer,
  isGood,
  type NoAnswer,
  toNoAnswer,
} from './answer.ts'
import { renderError, unexpectedAnswer, unknownOutcome } from './render-error.ts'

export interface RenderConfig {
  /** `https://api.render.com/v1`, without a slash at its end. */
  readonly apiUrl: string
  readonly key: Secret
}

/** How patiently requests are repeated. */
export interface Pace {
  readonly attemptTimeoutMs: number
  readonly firstDelayMs: number
  readonly longestDelayMs: number
  /** How long one request is repeated; what the server asks to wait counts. */
  readonly patienceMs: number
}

const PACE: Pace = {
  attemptTimeoutMs: 30_000,
  firstDelayMs: 500,
  longestDelayMs: 15_000,
  // Longer than the minute after which most of Render's limits are full again.
  patienceMs: 3 * 60_000,
}

/** How often the effect of a POST whose answer was lost is looked for: it may show late. */
const LOOKS = 4

interface RenderRequest {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the base URL, with a leading slash. */
  readonly path: string
  readonly body?: unknown
  /** Completes "Render did not …", with the id. */
  readonly what: string
}

/** A POST, and how to find what it made though its answer was lost. */
interface RenderPost<T> extends Omit<RenderRequest, 'method'> {
  readonly findEffect: () => Promise<T | undefined>
}

/**
 * Requests to Render's API. GET, PUT, PATCH and DELETE are repeated with jitter while that may help. A POST
 * is repeated only where it cannot have had an effect: it was refused by the rate limit, or never sent.
 */
export class RenderClient {
  readonly #config: RenderConfig
  readonly #log: Log
  readonly #signal: AbortSignal
  readonly #pace: Pace

  constructor(config: RenderConfig, log: Log, signal: AbortSignal, pace: Partial<Pace> = {}) {
    this.#config = config
    this.#log = log
    this.#signal = signal
    this.#pace = { ...PACE, ...pace }
  }

  /** Reads the answer with a decoder. Throws RENDER_FAILED where it is something else. */
  async read<T>(request: RenderRequest, decoder: d.Decoder<T>): Promise<T> {
    return parseAnswer(request, await this.send(request), decoder)
  }

  /** Sends a request that may be repeated; returns a good answer or throws. */
  async send(request: RenderRequest): Promise<ApiAnswer> {
    const retry = this.#retry()
    for (;;) {
      const outcome = await this.#attempt(request)
      if (isAnswer(outcome) && isGood(outcome)) return outcome
      // What a repeated DELETE finds gone was deleted by the attempt whose answer was lost.
      const isGone = isAnswer(outcome) && outcome.status === 404 && request.method === 'DELETE'
      if (isGone && retry.attempts > 0) return outcome
      if (!mayPass(outcome) || !(await retry.pause(request.what, outcome)))
        throw renderError(request, outcome)
    }
  }

  /** Sends a POST; its answer, or the effect that was found though the answer was lost. */
  async post<T>(request: RenderPost<T>): Promise<ApiAnswer | { readonly effect: T }> {
    const retry = this.#retry()
    for (;;) {
      const outcome = await this.#attempt({ ...request, method: 'POST' })
      if (isAnswer(outcome) && isGood(outcome)) return outcome
      const hadNoEffect = isAnswer(outcome) ? outcome.status === 429 : outcome.neverSent
      if (hadNoEffect) {
        if (!(await retry.pause(request.what, outcome))) throw renderError(request, outcome)
        continue
      }
      if (isAnswer(outcome) && outcome.status < 500) throw renderError(request, outcome)
      return { effect: await this.#lookFor(request, outcome) }
    }
  }

  async #lookFor<T>(request: RenderPost<T>, outcome: ApiAnswer | NoAnswer): Promise<T> {
    this.#log.info(`Render: ${request.what}: ${describeAnswer(outcome)}; looking for its effect.`)
    for (let look = 0; look < LOOKS; look += 1) {
      await this.#pause(this.#pace.firstDelayMs * 2 ** look)
      const effect = await request.findEffect()
      if (effect !== undefined) return effect
    }
    throw unknownOutcome(request, outcome)
  }

  /** Pauses before a repetition; false where the patience is used up. */
  #retry() {
    const { firstDelayMs, longestDelayMs, patienceMs } = this.#pace
    const startedAt = performance.now()
    let attempts = 0
    return {
      get attempts() {
        return attempts
      },
      pause: async (what: string, outcome: ApiAnswer | NoAnswer): Promise<boolean> => {
        const asked = isAnswer(outcome) ? askedPauseMs(outcome, new Date()) : undefined
        const jitter = Math.random() * Math.min(longestDelayMs, firstDelayMs * 2 ** attempts)
        const delayMs = asked === undefined ? jitter : asked + jitter
        if (performance.now() - startedAt + delayMs > patienceMs) return false
        attempts += 1
        this.#log.info(
          `Render: ${what}: ${describeAnswer(outcome)}; again in ${(delayMs / 1000).toFixed(1)} s.`,
        )
        await this.#pause(delayMs)
        return true
      },
    }
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(delayMs, undefined, { signal: this.#signal }).catch(() => {})
    this.#signal.throwIfAborted()
  }

  async #attempt(
    request: Omit<RenderRequest, 'method'> & { readonly method: string },
  ): Promise<ApiAnswer | NoAnswer> {
    this.#signal.throwIfAborted()
    const { method, path, body } = request
    const timeout = AbortSignal.timeout(this.#pace.attemptTimeoutMs)
    try {
      const response = await fetchWeb(`${this.#config.apiUrl}${path}`, {
        method,
        headers: {
          Accept: 'application/json',
          Authorization: `Bearer ${this.#config.key.reveal()}`,
          'User-Agent': 'pg-runbook',
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        // A redirection would take the key to another host.
        redirect: 'manual',
        signal: AbortSignal.any([this.#signal, timeout]),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const { status, headers } = response
      const text = await readBody(response).catch(error => {
        // Asking again would bring the same.
        if (error instanceof RangeError) throw unexpectedAnswer(request, response, error.message)
        throw error
      })
      return { status, headers, text }
    } catch (error) {
      this.#signal.throwIfAborted()
      if (error instanceof OperatorError) throw error
      return toNoAnswer(error)
    }
  }
}

/** Passes by itself: no answer, too many requests, an error of the server. */
function mayPass(outcome: ApiAnswer | NoAnswer): boolean {
  return !isAnswer(outcome) || outcome.status === 429 || outcome.status >= 500
}

/** The value in a good answer. Throws RENDER_FAILED where it is not what the API describes. */
export function parseAnswer<T>(
  request: { readonly what: string },
  answer: ApiAnswer,
  decoder: d.Decoder<T>,
): T {
  let value: unknown
  try {
    value = JSON.parse(answer.text)
  } catch {
    const what = answer.text === '' ? 'the body is empty' : 'the body is not JSON'
    throw unexpectedAnswer(request, answer, what)
  }
  try {
    return decoder(value, '')
  } catch (error) {
    throw unexpectedAnswer(request, answer, `not with what the API describes: ${errorMessage(error)}`)
  }
}
