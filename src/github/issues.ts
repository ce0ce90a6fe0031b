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
  readonly body: string
  /** For people. */
  readonly url: string
}

/** GitHub's own limit. */
const PAGE = 100
const MAX_PAGES = 10
const ATTEMPT_TIMEOUT_MS = 20_000
const PAUSES_MS = [1000, 4000]

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

  /** The open issue with a label whose body holds the marker; the oldest, where there are several. */
  async findOpen(label: string, marker: string): Promise<Issue | undefined> {
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const query = new URLSearchParams({
        ...{ state: 'open', labels: label, sort: 'created', direction: 'asc' },
        ...{ per_page: String(PAGE), page: String(page) },
      })
      const found = parseIssues(await this.#request('GET', `/issues?${query}`))
      const issue = found.find(({ body }) => body.includes(marker))
      if (issue !== undefined || found.length < PAGE) return issue
    }
    return undefined
  }

  async open(title: string, body: string, labels: readonly string[]): Promise<Issue> {
    return parseIssue(await this.#request('POST', '/issues', { title, body, labels }))
  }

  async comment({ number }: Issue, body: string): Promise<void> {
    await this.#request('POST', `/issues/${number}/comments`, { body })
  }

  async close({ number }: Issue): Promise<void> {
    await this.#request('PATCH', `/issues/${number}`, { state: 'closed', state_reason: 'completed' })
  }

  /** Repeats what may pass by itself: no answer, 5xx, 429. An answer that was lost may leave a second comment, nothing worse. */
  async #request(method: string, path: string, body?: object): Promise<unknown> {
    const what = `${method} ${path.replace(/\?.*/, '')}`
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#attempt(method, path, body)
      if (answer instanceof Response && answer.ok) return await answer.json()
      const problem = answer instanceof Response ? await describe(answer) : errorMessage(answer)
      const pauseMs = PAUSES_MS[attempt]
      if (!mayPass(answer) || pauseMs === undefined || this.#signal.aborted)
        throw refusal(this.#repository, what, answer, problem)
      this.#log.info(`GitHub: ${what}: ${problem}; again in ${pauseMs / 1000} s.`)
      await sleep(pauseMs)
    }
  }

  async #attempt(method: string, path: string, body: object | undefined): Promise<unknown> {
    const { apiUrl, name, token } = this.#repository
    const timeout = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)
    try {
      return await fetch(`${apiUrl}/repos/${name}${path}`, {
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
    } catch (error) {
      return error instanceof Error && error.cause instanceof Error ? error.cause : error
    }
  }
}

function mayPass(answer: unknown): boolean {
  return !(answer instanceof Response) || answer.status >= 500 || answer.status === 429
}

/** Status and the message that GitHub sends with it. */
async function describe(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => '')
  const message = /"message"\s*:\s*"([^"]{1,200})"/.exec(text)?.[1]
  return `HTTP ${answer.status}${message === undefined ? '' : `, ${message}`}`
}

function refusal({ name }: GithubRepository, what: string, answer: unknown, problem: string): OperatorError {
  const status = answer instanceof Response ? answer.status : 0
  const hint =
    status === 403 || status === 404 || status === 410
      ? `Give the job the permission issues: write, and see that issues are switched on in ${name}.`
      : status === 401
        ? 'Pass a token that is valid, such as github.token.'
        : 'See whether GitHub is up: https://www.githubstatus.com.'
  return new OperatorError('REPORT_FAILED', `GitHub did not do ${what} in ${name}: ${problem}.`, { hint })
}

function parseIssues(value: unknown): readonly Issue[] {
  if (!Array.isArray(value)) throw unexpected('a list of issues')
  // Pull requests are issues too, and none of ours.
  return value.filter(item => isObject(item) && item.pull_request === undefined).map(parseIssue)
}

function parseIssue(value: unknown): Issue {
  if (!isObject(value) || typeof value.number !== 'number') throw unexpected('an issue with a number')
  return {
    number: value.number,
    body: typeof value.body === 'string' ? value.body : '',
    url: typeof value.html_url === 'string' ? value.html_url : '',
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function unexpected(what: string): OperatorError {
  return new OperatorError('REPORT_FAILED', `GitHub did not answer with ${what}.`, {
    hint: 'Check that GITHUB_API_URL is the address of a GitHub API.',
  })
}
