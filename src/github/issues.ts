import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, OperatorError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Secret } from '../core/secret.ts'

/** One repository at GitHub, by its REST API. https://docs.github.com/en/rest/issues/issues */
export interface GithubRepository {
  /** `https://api.github.com`, or that of a GitHub Enterprise Server. */
  readonly apiUrl: string
  /** `owner/name` */
  readonly name: string
  /** Needs the permission issues: write. */
  readonly token: Secret
}

export interface Issue {
  readonly number: number
  /** For people. */
  readonly url: string
}

/** By which issues are found again. */
export interface IssueMark {
  readonly label: string
  /** A part of the body that no other issue has. */
  readonly marker: string
}

/** GitHub's own limit. */
const PAGE = 100
const MAX_PAGES = 10
const ATTEMPT_TIMEOUT_MS = 20_000
const PAUSES_MS = [1000, 4000]
/** What GitHub asks for after too many requests, where it says nothing else. */
const LIMIT_PAUSE_MS = 60_000

/** What came back; an Error where nothing did. */
type Answer = { readonly status: number; readonly headers: Headers; readonly text: string } | Error

/** A request, and what may have come of it though its answer was lost. */
interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: object
  readonly findResult?: () => Promise<unknown>
}

/** The issues of one repository. Throws REPORT_FAILED where GitHub does not do what is asked, after three attempts. */
export class Issues {
  readonly #repository: GithubRepository
  readonly #log: Log
  readonly #signal: AbortSignal

  constructor(repository: GithubRepository, log: Log, signal: AbortSignal) {
    this.#repository = repository
    this.#log = log
    this.#signal = signal
  }

  /** The open issues with the mark, in no order. */
  async findOpen(mark: IssueMark): Promise<readonly Issue[]> {
    return (await this.#find(mark)).map(parseIssue)
  }

  /** Opens one. It is looked for before the request is repeated: an answer that was lost shall not leave two. */
  async open(title: string, body: string, mark: IssueMark): Promise<Issue> {
    const request = { method: 'POST', path: '/issues', body: { title, body, labels: [mark.label] } } as const
    const findResult = async () => (await this.#find(mark))[0]
    return parseIssue(await this.#request({ ...request, findResult }))
  }

  /** An answer that was lost may leave a second comment, nothing worse. */
  async comment({ number }: Issue, body: string): Promise<void> {
    await this.#request({ method: 'POST', path: `/issues/${number}/comments`, body: { body } })
  }

  async close({ number }: Issue): Promise<void> {
    const body = { state: 'closed', state_reason: 'completed' }
    await this.#request({ method: 'PATCH', path: `/issues/${number}`, body })
  }

  /**
   * As GitHub describes them. Where none of those with the label has the marker, all are looked through: somebody may have
   * taken the label away, and GitHub leaves it out in silence where the token may not set one.
   */
  async #find({ label, marker }: IssueMark): Promise<readonly unknown[]> {
    const labelled = await this.#search(marker, { labels: label })
    return labelled.length > 0 ? labelled : this.#search(marker, {})
  }

  async #search(marker: string, filter: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
    const found: unknown[] = []
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const query = new URLSearchParams({
        ...{ ...filter, state: 'open', sort: 'created', direction: 'desc' },
        ...{ per_page: String(PAGE), page: String(page) },
      })
      const items = parseList(await this.#request({ method: 'GET', path: `/issues?${query}` }))
      found.push(...items.filter(item => isIssueWith(marker, item)))
      if (items.length < PAGE) break
    }
    return found
  }

  /** Repeats what may pass by itself: no answer, one that is cut off, 5xx, too many requests. */
  async #request(request: Request): Promise<unknown> {
    const what = `${request.method} ${request.path.replace(/\?.*/, '')}`
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#attempt(request)
      if (isGood(answer)) return parseJson(answer.text)
      const pauseMs = pauseAfter(answer, attempt)
      if (pauseMs === undefined || this.#signal.aborted) throw refusal(this.#repository, what, answer)
      this.#log.info(`GitHub: ${what}: ${describe(answer)}; again in ${pauseMs / 1000} s.`)
      await sleep(pauseMs, undefined, { signal: this.#signal }).catch(() => {})
      const result = await request.findResult?.()
      if (result !== undefined) return result
    }
  }

  async #attempt({ method, path, body }: Request): Promise<Answer> {
    const { apiUrl, name, token } = this.#repository
    const timeout = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)
    try {
      const answer = await fetch(`${apiUrl}/repos/${name}${path}`, {
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
      })
      return { status: answer.status, headers: answer.headers, text: await answer.text() }
    } catch (error) {
      if (!(error instanceof Error)) return new Error(errorMessage(error))
      return error.cause instanceof Error ? error.cause : error
    }
  }
}

function isGood(answer: Answer): answer is Exclude<Answer, Error> {
  return !(answer instanceof Error) && answer.status >= 200 && answer.status < 300
}

/** How long to wait before the next attempt; undefined for what does not pass by itself, and after the last one. */
function pauseAfter(answer: Answer, attempt: number): number | undefined {
  const pauseMs = PAUSES_MS[attempt]
  if (pauseMs === undefined || answer instanceof Error || answer.status >= 500) return pauseMs
  return isTooMany(answer)
    ? Math.max(pauseMs, Math.min(retryAfterMs(answer.headers), LIMIT_PAUSE_MS))
    : undefined
}

/** GitHub's limits are a 403 as well as a 429. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function isTooMany({ status, headers, text }: Exclude<Answer, Error>): boolean {
  if (status !== 403) return status === 429
  const isUsedUp = headers.get('x-ratelimit-remaining') === '0'
  return isUsedUp || headers.has('retry-after') || /secondary rate limit/i.test(text)
}

function retryAfterMs(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isNaN(seconds) ? LIMIT_PAUSE_MS : seconds * 1000
}

/** Status and the message that GitHub sends with it. */
function describe(answer: Answer): string {
  if (answer instanceof Error) return errorMessage(answer)
  const message = /"message"\s*:\s*"([^"]{1,200})"/.exec(answer.text)?.[1]
  return `HTTP ${answer.status}${message === undefined ? '' : `, ${message}`}`
}

function refusal({ name }: GithubRepository, what: string, answer: Answer): OperatorError {
  const text = `GitHub did not do ${what} in ${name}: ${describe(answer)}.`
  return new OperatorError('REPORT_FAILED', text, { hint: hintFor(answer, name) })
}

function hintFor(answer: Answer, name: string): string {
  const status = answer instanceof Error ? 0 : answer.status
  if (!(answer instanceof Error) && isTooMany(answer)) return 'GitHub allows no more requests for a while.'
  if (status === 403 || status === 404 || status === 410)
    return `Give the job the permission issues: write, and see that issues are switched on in ${name}.`
  if (status === 401) return 'Pass a token that is valid, such as github.token.'
  return 'See whether GitHub is up: https://www.githubstatus.com.'
}

/** A proxy, or a server that is no GitHub, may answer with a page. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unexpected('JSON')
  }
}

function parseList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected('a list of issues')
  return value
}

/** Pull requests are issues too, and none of ours. */
function isIssueWith(marker: string, item: unknown): boolean {
  if (!isObject(item) || item.pull_request !== undefined) return false
  return typeof item.body === 'string' && item.body.includes(marker)
}

function parseIssue(value: unknown): Issue {
  if (!isObject(value) || typeof value.number !== 'number') throw unexpected('an issue with a number')
  const url = typeof value.html_url === 'string' ? value.html_url : ''
  return { number: value.number, url }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function unexpected(what: string): OperatorError {
  return new OperatorError('REPORT_FAILED', `GitHub did not answer with ${what}.`, {
    hint: 'Check that GITHUB_API_URL is the address of a GitHub API.',
  })
}
