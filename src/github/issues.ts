import type { Log } from '../core/log.ts'
import { GithubApi, type GithubRepository, unexpectedAnswer } from './api.ts'

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

/** The issues of one repository. Throws REPORT_FAILED where GitHub does not do what is asked. */
export class Issues {
  readonly #api: GithubApi

  constructor(repository: GithubRepository, log: Log, signal: AbortSignal) {
    this.#api = new GithubApi(repository, log, signal)
  }

  /** The open issues with the mark, in no order. */
  async findOpen(mark: IssueMark): Promise<readonly Issue[]> {
    return (await this.#find(mark)).map(parseIssue)
  }

  /** Opens one. It is looked for before the request is repeated: a lost answer must not leave two. */
  async open(title: string, body: string, mark: IssueMark): Promise<Issue> {
    const request = { method: 'POST', path: '/issues', body: { title, body, labels: [mark.label] } } as const
    const findResult = async () => (await this.#find(mark))[0]
    return parseIssue(await this.#api.request({ ...request, findResult }))
  }

  /** A lost answer may leave a second comment, nothing worse. */
  async comment({ number }: Issue, body: string): Promise<void> {
    await this.#api.request({ method: 'POST', path: `/issues/${number}/comments`, body: { body } })
  }

  async close({ number }: Issue): Promise<void> {
    const body = { state: 'closed', state_reason: 'completed' }
    await this.#api.request({ method: 'PATCH', path: `/issues/${number}`, body })
  }

  /**
   * As GitHub describes them. Where none of those with the label has the marker, all are looked through: a
   * person may have removed the label, and GitHub omits it without an error if the token may not set one.
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
      const items = parseList(await this.#api.request({ method: 'GET', path: `/issues?${query}` }))
      found.push(...items.filter(item => isIssueWith(marker, item)))
      if (items.length < PAGE) break
    }
    return found
  }
}

function parseList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpectedAnswer('a list of issues')
  return value
}

/** Pull requests are listed as issues too. */
function isIssueWith(marker: string, item: unknown): boolean {
  if (!isObject(item) || item.pull_request !== undefined || isByOutsider(item)) return false
  return typeof item.body === 'string' && item.body.includes(marker)
}

/** How GitHub calls the authors of issues that have no rights in the repository. */
const OUTSIDERS = ['NONE', 'CONTRIBUTOR', 'FIRST_TIMER', 'FIRST_TIME_CONTRIBUTOR', 'MANNEQUIN']

/**
 * In a public repository a stranger can open an issue with our marker, which would then swallow our reports.
 * A workflow's own token writes as a bot.
 */
function isByOutsider({ author_association, user }: Record<string, unknown>): boolean {
  const isBot = isObject(user) && user.type === 'Bot'
  return !isBot && OUTSIDERS.includes(String(author_association))
}

function parseIssue(value: unknown): Issue {
  if (!isObject(value) || typeof value.number !== 'number') throw unexpectedAnswer('an issue with a number')
  const url = typeof value.html_url === 'string' ? value.html_url : ''
  return { number: value.number, url }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
