import { errorMessage } from '../core/errors.ts'
import { proxyInForce } from './proxies.ts'

/** The code of an error that says: the proxy refused. */
const REFUSED = 'EPROXY'

/**
 * `fetch`, with an error that says what happened. fetch itself says "fetch failed", and "Request was
 * cancelled" where a proxy refuses the tunnel. Errors keep the code of their cause.
 */
export async function fetchWeb(url: string | URL, request: RequestInit = {}): Promise<Response> {
  const proxy = proxyInForce(new URL(url))
  const through = proxy === undefined ? '' : `, through ${proxy}`
  try {
    const answer = await fetch(url, request)
    if (answer.status !== 407 || proxy === undefined) return answer
  } catch (error) {
    if (request.signal?.aborted) throw error
    const cause = rootOf(error)
    if (proxy !== undefined && isRefusedTunnel(cause)) throw refused(proxy)
    throw Object.assign(new Error(`${errorMessage(cause)}${through}`), codeOf(cause))
  }
  throw refused(proxy)
}

/** No byte of it reached the server. */
function refused(proxy: string): Error {
  const message = `${proxy} refused the request. Credentials belong into its address: http://user:password@host:port`
  return Object.assign(new Error(message), { code: REFUSED })
}

/** Asking again would be refused again. */
export function isRefusedByProxy(error: unknown): boolean {
  return codeOf(error).code === REFUSED
}

/** undici: "Proxy response (407) !== 200 when HTTP Tunneling", which fetch makes an abort. */
function isRefusedTunnel(error: unknown): boolean {
  return codeOf(error).code === 'UND_ERR_ABORTED'
}

function rootOf(error: unknown): unknown {
  let root = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  return root
}

function codeOf(error: unknown): { readonly code?: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? { code } : {}
}
