import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface FakeIssue {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly labels: ReadonlyArray<{ readonly name: string }>
  readonly html_url: string
  state: 'open' | 'closed'
  readonly comments: string[]
  /** Set on pull requests, which the API lists among the issues. */
  readonly pull_request?: object
  readonly author_association?: string
  readonly user?: { readonly type: string }
}

/**
 * As much of GitHub's REST API as report-outcome uses, and a chat and a watchdog that note what they are
 * told.
 */
export interface FakeGithub extends AsyncDisposable {
  readonly url: string
  readonly issues: FakeIssue[]
  /** `POST /repos/example/logi/issues`, one a request. */
  readonly requests: readonly string[]
  /** Texts that came by webhook. */
  readonly messages: readonly string[]
  /** Paths below /heartbeat/ that were fetched. */
  readonly heartbeats: readonly string[]
  /** What the next requests to the API get instead of an answer, one each. */
  readonly failures: Failure[]
}

/** A status; an answer in full; or none, though the request is carried out. */
export type Failure =
  | number
  | 'lost'
  | {
      readonly status: number
      readonly text: string
      readonly headers?: Record<string, string>
      /** The request that it is for, as in `requests`; the next one, where none is named. */
      readonly of?: string
    }

/** Of an issue and of a comment, in characters. */
const BODY_LIMIT = 65_536

/** Starts it on loopback. Requests without this token are refused, as GitHub does. */
export async function startFakeGithub(token: string): Promise<FakeGithub> {
  const state = { issues: [], requests: [], messages: [], heartbeats: [], failures: [] }
  const world: World = state
  const server = createServer(async (request, response) => {
    const given = await answer(world, request, token)
    if (given === 'lost') return response.destroy()
    const { status, body, headers, text = JSON.stringify(body) } = given
    return response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    ...world,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

interface World {
  readonly issues: FakeIssue[]
  readonly requests: string[]
  readonly messages: string[]
  readonly heartbeats: string[]
  readonly failures: Failure[]
}

interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly text?: string
  readonly headers?: Record<string, string>
}

async function answer(world: World, request: IncomingMessage, token: string): Promise<Answer | 'lost'> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
  const body = request.method === 'GET' ? {} : ((await json(request)) as Record<string, unknown>)
  if (pathname === '/webhook') {
    world.messages.push(String(body.text))
    return { status: 200, body: {} }
  }
  if (pathname.startsWith('/heartbeat/')) {
    world.heartbeats.push(pathname.slice('/heartbeat/'.length))
    return { status: 200, body: {} }
  }
  world.requests.push(`${request.method} ${pathname}`)
  const failure = takeFailure(world, `${request.method} ${pathname}`)
  if (typeof failure === 'number') return { status: failure, body: { message: 'As asked' } }
  if (typeof failure === 'object') return failure
  if (request.headers.authorization !== `Bearer ${token}`)
    return { status: 401, body: { message: 'Bad credentials' } }
  const given = issueAnswer(world, `${request.method} ${pathname}`, searchParams, body)
  return failure ?? given
}

function takeFailure({ failures }: World, request: string): Failure | undefined {
  const [next] = failures
  if (typeof next === 'object' && next.of !== undefined && next.of !== request) return undefined
  return failures.shift()
}

function issueAnswer(
  { issues }: World,
  request: string,
  query: URLSearchParams,
  body: Record<string, unknown>,
): Answer {
  const [, method, repository, number, part] =
    /^(\w+) \/repos\/([\w-]+\/[\w-]+)\/issues(?:\/(\d+)(\/comments)?)?$/.exec(request) ?? []
  const issue = issues.find(candidate => String(candidate.number) === number)
  if (String(body.body ?? '').length > BODY_LIMIT)
    return { status: 422, body: { message: 'body is too long (maximum is 65536 characters)' } }
  if (method === 'GET' && number === undefined) return { status: 200, body: listed(issues, query) }
  if (method === 'POST' && number === undefined)
    return { status: 201, body: opened(issues, repository ?? '', body) }
  if (issue === undefined) return { status: 404, body: { message: 'Not Found' } }
  if (method === 'POST' && part === '/comments') issue.comments.push(String(body.body))
  else if (method === 'PATCH' && body.state === 'closed') issue.state = 'closed'
  else return { status: 422, body: { message: 'Validation Failed' } }
  return { status: part === undefined ? 200 : 201, body: issue }
}

function listed(issues: readonly FakeIssue[], query: URLSearchParams): readonly FakeIssue[] {
  const size = Number(query.get('per_page'))
  const start = (Number(query.get('page')) - 1) * size
  return issues
    .filter(({ state }) => state === query.get('state'))
    .filter(({ labels }) => !query.has('labels') || labels.some(({ name }) => name === query.get('labels')))
    .toSorted((a, b) => (query.get('direction') === 'asc' ? a.number - b.number : b.number - a.number))
    .slice(start, start + size)
}

function opened(issues: FakeIssue[], repository: string, body: Record<string, unknown>): FakeIssue {
  const number = issues.length + 1
  const issue: FakeIssue = {
    number,
    title: String(body.title),
    body: String(body.body),
    labels: (body.labels as readonly string[]).map(name => ({ name })),
    html_url: `https://github.com/${repository}/issues/${number}`,
    state: 'open',
    comments: [],
  }
  issues.push(issue)
  return issue
}
