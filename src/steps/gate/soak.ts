import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { renderAmount } from '../../core/text/counts.ts'
import { renderDuration } from '../../core/text/duration.ts'

export interface SoakRequest {
  readonly url: string
  /** For people: without the query, which may hold a token. */
  readonly shownUrl: string
  /** Redirects are not followed: a service that is expected to redirect has a status of 3xx here. */
  readonly expectStatus: number
  /** How long the service is watched at least. */
  readonly soakMs: number
  /** How many probes are made at least, however short soakMs is. */
  readonly probes: number
  /** How many of all probes may fail. */
  readonly failuresAllowed: number
  /** For one probe, its body included. */
  readonly timeoutMs: number
  /** From the start of one probe to the start of the next; a probe that takes longer delays the next. */
  readonly intervalMs: number
}

/** What a soak needs from outside. */
interface SoakTools {
  readonly fetch: (url: string, request: RequestInit) => Promise<Response>
  readonly now: () => Date
  readonly log: Log
  readonly signal: AbortSignal
}

interface Probe {
  readonly at: Date
  readonly healthy: boolean
  /** Undefined where no answer came. */
  readonly status: number | undefined
  /** Why it is not healthy, for people; undefined where it is. */
  readonly error: string | undefined
  readonly durationMs: number
}

export interface SoakReport {
  readonly healthy: boolean
  readonly probes: readonly Probe[]
  /** One sentence for people. */
  readonly verdict: string
}

/** Read at most this much of the body, so an endless response cannot hang the probe. */
const MOST_BODY_BYTES = 1024 * 1024

/**
 * Watches a service after a deploy. Healthy means: at most failuresAllowed of all probes failed, and the last
 * one passed. One failure too many ends it at once, because then you have to act. After a failure at the very
 * end it continues until a probe decides. Throws only the signal's reason, when it is aborted.
 */
export async function soak(request: SoakRequest, tools: SoakTools): Promise<SoakReport> {
  const { soakMs, failuresAllowed, intervalMs } = request
  const { now, signal, log } = tools
  const startedAt = now().getTime()
  const probes: Probe[] = []
  for (;;) {
    const probe = await probeOnce(request, tools)
    probes.push(probe)
    log.info(`  ${probe.at.toISOString()} ${renderProbe(probe)}`)
    const restMs = startedAt + soakMs - now().getTime()
    const failures = probes.filter(({ healthy }) => !healthy).length
    const isOver = restMs <= 0 && probes.length >= request.probes && probe.healthy
    if (isOver || failures > failuresAllowed) return report(request, probes, failures, soakMs - restMs)
    const nextMs = probe.at.getTime() + intervalMs - now().getTime()
    // The last probe is at the end of the soak, not before it.
    await pause(restMs > 0 ? Math.min(nextMs, restMs) : nextMs, signal)
  }
}

async function probeOnce(request: SoakRequest, { fetch, now, signal }: SoakTools): Promise<Probe> {
  signal.throwIfAborted()
  const at = now()
  const since = performance.now()
  const deadline = AbortSignal.timeout(request.timeoutMs)
  const ended = (): Pick<Probe, 'at' | 'durationMs'> => ({
    at,
    durationMs: Math.round(performance.now() - since),
  })
  try {
    const response = await fetch(request.url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
      headers: { 'user-agent': 'pg-runbook', 'cache-control': 'no-cache' },
    })
    await drain(response)
    const { status } = response
    const healthy = status === request.expectStatus
    return { ...ended(), healthy, status, error: healthy ? undefined : describeStatus(request, response) }
  } catch (error) {
    signal.throwIfAborted()
    return {
      ...ended(),
      healthy: false,
      status: undefined,
      error: deadline.aborted
        ? `no complete answer within ${renderDuration(request.timeoutMs)}`
        : rootMessage(error).replaceAll(request.url, 'the URL'),
    }
  }
}

/** Read to its end, so that the connection is free again and a server that dies midway is noticed. */
async function drain(response: Response): Promise<void> {
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    // Leaving the loop cancels the rest.
    if (bytes > MOST_BODY_BYTES) return
  }
}

function describeStatus({ expectStatus }: SoakRequest, { status, headers }: Response): string {
  const location = headers.get('location')
  // Where it leads may carry a token: only the host is shown.
  const target = location !== null && URL.canParse(location) ? ` to ${new URL(location).host}` : ''
  return `status ${status}${location === null ? '' : `, a redirect${target}, which is not followed`}; expected ${expectStatus}`
}

/** fetch says `fetch failed`, and the reason is beneath. */
function rootMessage(error: unknown): string {
  let root = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  const code = root instanceof Error && 'code' in root && typeof root.code === 'string' ? root.code : ''
  const message = errorMessage(root)
  return code === '' || message.includes(code) ? message : `${message} (${code})`
}

function report(
  request: SoakRequest,
  probes: readonly Probe[],
  failures: number,
  elapsedMs: number,
): SoakReport {
  const healthy = failures <= request.failuresAllowed
  const good = probes.length - failures
  const watched = `${good} of ${renderAmount(probes.length, 'probe')} in ${renderDuration(elapsedMs)} were healthy, ${request.failuresAllowed} may fail`
  const last = probes.findLast(probe => !probe.healthy)
  const why = last === undefined ? '' : `; the last failure: ${last.error}`
  return { healthy, probes, verdict: `${watched}${why}.` }
}

function renderProbe({ healthy, status, error, durationMs }: Probe): string {
  return healthy
    ? `healthy: status ${status} in ${durationMs} ms`
    : `not healthy: ${error} (${durationMs} ms)`
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, delayMs), undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}
