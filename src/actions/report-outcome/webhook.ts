import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Secret } from '../../core/secret.ts'
import { retry } from '../../net/retry.ts'
import { fetchWeb, isRefusedByProxy } from '../../net/web-request.ts'

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 2000
const LONGEST_PAUSE_MS = 8000
const TIMEOUT_MS = 15_000

/** What is called: the input that holds the URL, the URL, and what is posted. */
interface WebCall {
  readonly input: string
  readonly url: Secret
  /** Undefined is a GET. */
  readonly json?: object
}

/** Calls a URL. Throws REPORT_FAILED after three attempts. The address stays secret. */
export async function callWeb(
  { input, url, json }: WebCall,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const request =
    json === undefined
      ? { method: 'GET' }
      : { method: 'POST', body: JSON.stringify(json), headers: { 'Content-Type': 'application/json' } }
  const attempt = async () => {
    const abort = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
    const { ok, status } = await send(url.reveal(), { ...request, signal: abort })
    if (!ok) throw Object.assign(new Error(`HTTP ${status}`), { status })
  }
  try {
    await retry(`call ${input}`, attempt, {
      firstDelayMs: FIRST_PAUSE_MS,
      longestDelayMs: LONGEST_PAUSE_MS,
      leftMs: () => Number.POSITIVE_INFINITY,
      mayRepeat: (error, count) => count + 1 < ATTEMPTS && !isRefusedByProxy(error) && FIRST_PAUSE_MS,
      describe,
      log,
      signal,
    })
  } catch (error) {
    const problem = signal.aborted ? 'the job was cancelled' : describe(error)
    throw new OperatorError('REPORT_FAILED', `Could not call ${input}: ${problem}.`, {
      hint: `Check the secret behind ${input}, and whether the service is up.`,
    })
  }
}

/** fetch says "fetch failed", and its cause says why. */
function describe(error: unknown): string {
  return errorMessage(error instanceof Error && error.cause ? error.cause : error)
}

/**
 * A redirect that turns a POST into a GET loses the message, and its page would look like a success: so it
 * fails.
 */
async function send(url: string, request: RequestInit): Promise<Response> {
  if (request.method === 'GET') return await fetchWeb(url, request)
  const answer = await fetchWeb(url, { ...request, redirect: 'manual' })
  const location = answer.headers.get('location')
  const keepsMethod = answer.status === 307 || answer.status === 308
  if (!keepsMethod || location === null) return answer
  return await fetchWeb(new URL(location, url), { ...request, redirect: 'manual' })
}
