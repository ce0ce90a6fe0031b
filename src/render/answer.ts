import { errorMessage } from '../core/errors.ts'

/** What came back of one attempt. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Why no answer came. */
export interface NoAnswer {
  readonly reason: string
  /** The request never left: no connection was made, so nothing can have come of it. */
  readonly neverSent: boolean
}

export function isAnswer(outcome: ApiAnswer | NoAnswer): outcome is ApiAnswer {
  return 'status' in outcome
}

export function isGood({ status }: ApiAnswer): boolean {
  return status >= 200 && status < 300
}

/** Errors of a connection that was never made. */
const NEVER_SENT = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'EPROXY',
]

/** fetch says `fetch failed`; the reason is its cause. */
export function toNoAnswer(error: unknown): NoAnswer {
  let root: unknown = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  const code = root instanceof Error && 'code' in root ? String(root.code) : ''
  const text = errorMessage(root)
  return {
    reason: code === '' || text.includes(code) ? text : `${text} (${code})`,
    neverSent: NEVER_SENT.includes(code),
  }
}

/**
 * How long the server asks to wait; undefined where it does not say. Retry-After comes first. Ratelimit-Reset
 * is seconds from now in every recorded answer, though the documentation calls it an epoch; one that looks
 * like an epoch is read as one.
 */
export function askedPauseMs({ status, headers }: ApiAnswer, now: Date): number | undefined {
  const retryAfter = headers.get('retry-after')
  if (retryAfter !== null) {
    const ms = /^\d+(\.\d+)?$/.test(retryAfter)
      ? Number(retryAfter) * 1000
      : Date.parse(retryAfter) - now.getTime()
    if (Number.isFinite(ms)) return Math.max(0, ms)
  }
  if (status !== 429) return undefined
  const reset = Number(headers.get('ratelimit-reset') ?? Number.NaN)
  if (!Number.isFinite(reset) || reset < 0) return undefined
  return reset > 1_000_000_000 ? Math.max(0, reset * 1000 - now.getTime()) : reset * 1000
}

/**
 * `HTTP 404, not found: dpg-…` with the id that Render's support asks for; never more of a body than its
 * message.
 */
export function describeAnswer(outcome: ApiAnswer | NoAnswer): string {
  if (!isAnswer(outcome)) return `no answer, ${outcome.reason}`
  const message = messageOf(outcome.text)
  const requestId = outcome.headers.get('render-request-id')
  const parts = [
    `HTTP ${outcome.status}`,
    ...(message === '' ? [] : [message]),
    ...(requestId === null ? [] : [`Render-Request-Id ${requestId}`]),
  ]
  return parts.join(', ')
}

/** Render answers `{"message": "…"}`; a proxy may answer with a page. */
function messageOf(text: string): string {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body !== 'object' || body === null || !('message' in body)) return ''
    return String(body.message).slice(0, 200)
  } catch {
    return text === '' ? '' : 'the body is not JSON'
  }
}
