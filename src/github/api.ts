import { errorMessage, OperatorError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Secret } from '../core/secret.ts'
import { readBody } from '../net/read-body.ts'
import { retry } from '../net/retry.ts'
import { fetchWeb, isRefusedByProxy } from '../net/web-request.ts'

/** One repository at GitHub, by its REST API. https://docs.github.com/en/rest/issues/issues */
export interface GithubRepository {
  /** `https://api.github.com`, or that of a GitHub Enterprise Server. */
  readonly apiUrl: string
  /** `owner/name` */
  readonly name: string
  /** Needs the permission issues: write. */
  readonly token: Secret
}

/** A request, and what may have come of it though its answer was lost. */
interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: object
  readonly findResult?: () => Promise<unknown>
}

const ATTEMPTS = 3
const ATTEMPT_TIMEOUT_MS = 20_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 8000
/** What GitHub asks for after too many requests, where it says nothing else. */
const LIMIT_PAUSE_MS = 60_000

/** GitHub answered, with an error. */
class Refusal extends Error {
  readonly status: number
  readonly headers: Headers
  /** GitHub's limits are a 403 as well as a 429: "Rate limits for the REST API". */
  readonly isTooMany: boolean

  constructor(status: number, headers: Headers, text: string) {
    const message = /"message"\s*:\s*"([^"]{1,200})"/.exec(text)?.[1]
    super(`HTTP ${status}${message === undefined ? '' : `, ${message}`}`)
    this.status = status
    this.headers = headers
    const isUsedUp = headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after')
    this.isTooMany = status === 429 || (status === 403 && (isUsedUp || /secondary rate limit/i.test(text)))
  }
}

/**
 * Requests to one repository. What may pass by itself is repeated: no answer, one that is cut off, 5xx, too
 * many requests. Throws REPORT_FAILED after three attempts.
 */
export class GithubApi {
  readonly #repository: GithubRepository
  readonly #log: Log
  readonly #signal: AbortSignal

  constructor(repository: GithubRepository, log: Log, signal: AbortSignal) {
    this.#repository = repository
    this.#log = log
    this.#signal = signal
  }

  /** The decoded JSON of the answer. */
  async request(request: ApiRequest): Promise<unknown> {
    const what = `${request.method} ${request.path.replace(/\?.*/, '')}`
    const attempt = async (count: number) => {
      const earlier = count === 0 ? undefined : await request.findResult?.()
      return earlier ?? (await this.#send(request))
    }
    try {
      return await retry(`GitHub: ${what}`, attempt, {
        firstDelayMs: FIRST_PAUSE_MS,
        longestDelayMs: LONGEST_PAUSE_MS,
        leftMs: () => Number.POSITIVE_INFINITY,
        mayRepeat: (error, count) => count + 1 < ATTEMPTS && pauseAfter(error),
        describe: errorMessage,
        log: this.#log,
        signal: this.#signal,
      })
    } catch (error) {
      if (error instanceof OperatorError) throw error
      throw reportFailed(this.#repository, what, error)
    }
  }

  async #send({ method, path, body }: ApiRequest): Promise<unknown> {
    const { apiUrl, name, token } = this.#repository
    const timeout = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)
    const answer = await fetchWeb(`${apiUrl}/repos/${name}${path}`, {
      method,
      headers: {
        Accept: 'application/vnd.github+json',
        Authorization: `Bearer ${token.reveal()}`,
        'Content-Type': 'application/json',
        'User-Agent': 'pg-runbook',
        'X-GitHub-Api-Version': '2022-11-28',
      },
      signal: AbortSignal.any([this.#signal, timeout]),
      ...(body && { body: JSON.stringify(body) }),
    }).catch(throwCause)
    const text = await readBody(answer).catch(throwCause)
    if (!answer.ok) throw new Refusal(answer.status, answer.headers, text)
    return parseJson(text)
  }
}

/** fetch says "fetch failed", and its cause says why. */
function throwCause(error: unknown): never {
  throw error instanceof Error && error.cause instanceof Error ? error.cause : error
}

/** False for what does not pass by itself; else the shortest pause. */
function pauseAfter(error: unknown): number | false {
  if (error instanceof OperatorError || isRefusedByProxy(error)) return false
  if (!(error instanceof Refusal) || error.status >= 500) return FIRST_PAUSE_MS
  if (!error.isTooMany) return false
  const seconds = Number(error.headers.get('retry-after') ?? Number.NaN)
  return Math.min(Number.isNaN(seconds) ? LIMIT_PAUSE_MS : seconds * 1000, LIMIT_PAUSE_MS)
}

function reportFailed({ name }: GithubRepository, what: string, error: unknown): OperatorError {
  const status = error instanceof Refusal ? error.status : undefined
  return new OperatorError('REPORT_FAILED', `GitHub did not do ${what} in ${name}: ${errorMessage(error)}.`, {
    hint: hintFor(error, name),
    httpStatus: status,
    cause: error,
  })
}

function hintFor(error: unknown, name: string): string {
  const { status, isTooMany } = error instanceof Refusal ? error : { status: 0, isTooMany: false }
  if (isTooMany) return 'Wait and run the job again: GitHub allows no more requests for a while.'
  if (status === 403 || status === 404 || status === 410)
    return `Give the job the permission issues: write, and check that issues are switched on in ${name}.`
  if (status === 401) return 'Pass a valid token, such as github.token.'
  if (!(error instanceof Refusal))
    return 'Check the network between this machine and GitHub, and whether it is up: https://www.githubstatus.com.'
  return 'Check whether GitHub is up: https://www.githubstatus.com.'
}

/** A proxy, or a server that is not GitHub, may answer with a page. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unexpectedAnswer('JSON')
  }
}

export function unexpectedAnswer(expected: string): OperatorError {
  return new OperatorError('REPORT_FAILED', `GitHub did not answer with ${expected}.`, {
    hint: 'Check that GITHUB_API_URL is the address of a GitHub API.',
  })
}
