import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import type { Secret } from '../../core/secret.ts'

const ATTEMPTS = 3
const PAUSE_MS = 2000
const TIMEOUT_MS = 15_000

/** Posts JSON, or fetches where there is none. Throws REPORT_FAILED after three attempts; the address stays secret. */
export async function callWeb(
  name: string,
  url: Secret,
  json: object | undefined,
  signal: AbortSignal,
): Promise<void> {
  const request =
    json === undefined
      ? { method: 'GET' }
      : { method: 'POST', body: JSON.stringify(json), headers: { 'Content-Type': 'application/json' } }
  let problem = 'the job was cancelled'
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    try {
      const abort = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
      const { ok, status } = await send(url.reveal(), { ...request, signal: abort })
      if (ok) return
      problem = `HTTP ${status}`
    } catch (error) {
      problem = errorMessage(error instanceof Error && error.cause ? error.cause : error)
    }
  }
  throw new OperatorError('REPORT_FAILED', `${name} could not be told: ${problem}.`, {
    hint: `Check the secret behind ${name}, and whether the service is up.`,
  })
}

/** A redirection that makes a GET of a POST would lose the message, and its page would look like a success: it is none. */
async function send(url: string, request: RequestInit): Promise<Response> {
  if (request.method === 'GET') return await fetch(url, request)
  const answer = await fetch(url, { ...request, redirect: 'manual' })
  const location = answer.headers.get('location')
  const keepsMethod = answer.status === 307 || answer.status === 308
  if (!keepsMethod || location === null) return answer
  return await fetch(new URL(location, url), { ...request, redirect: 'manual' })
}
