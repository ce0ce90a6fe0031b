import http from 'node:http'
import https from 'node:https'

/** The variables that name proxies, in both spellings, as Node and curl read them. */
export interface ProxyVariables {
  readonly HTTP_PROXY?: string | undefined
  readonly HTTPS_PROXY?: string | undefined
  readonly NO_PROXY?: string | undefined
  readonly http_proxy?: string | undefined
  readonly https_proxy?: string | undefined
  readonly no_proxy?: string | undefined
}

const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'] as const

/** Those that are set. An empty one is absent: Node takes it for an address. */
export function pickProxyVariables(variables: Readonly<Record<string, string | undefined>>): ProxyVariables {
  return Object.fromEntries(NAMES.flatMap(name => (variables[name] ? [[name, variables[name]]] : [])))
}

/**
 * `HTTPS_PROXY`: the variable by which requests of that protocol go through a proxy; undefined where they go
 * straight.
 */
export function proxyVariableFor(
  protocol: 'http:' | 'https:',
  variables: ProxyVariables,
): string | undefined {
  const names =
    protocol === 'https:'
      ? (['https_proxy', 'HTTPS_PROXY'] as const)
      : (['http_proxy', 'HTTP_PROXY'] as const)
  return names.find(name => variables[name])
}

/** `the proxy in HTTPS_PROXY (proxy.example:3128)`, without its credentials. */
export function renderProxy(name: string, variables: ProxyVariables): string {
  const address = variables[name as keyof ProxyVariables] ?? ''
  return `the proxy in ${name} (${URL.parse(address)?.host || 'no URL'})`
}

/** What `fetch` of this process goes through. */
let inForce: ProxyVariables = {}

/** The proxy that requests to this address go through, in words; undefined where they go straight. */
export function proxyInForce({ protocol, hostname, port }: URL): string | undefined {
  if (protocol !== 'http:' && protocol !== 'https:') return undefined
  const name = proxyVariableFor(protocol, inForce)
  const exceptions = (inForce.no_proxy ?? inForce.NO_PROXY ?? '').split(/[\s,]+/).filter(Boolean)
  const isExcepted = exceptions.some(exception => {
    const [host = '', onlyPort = port] = exception.replace(/^\*?\./, '').split(':')
    const isHost = exception === '*' || hostname === host || hostname.endsWith(`.${host}`)
    return isHost && onlyPort === port
  })
  return name === undefined || isExcepted ? undefined : renderProxy(name, inForce)
}

/** Agents that keep connections and go through the proxies. */
export function createAgents(proxyEnv: ProxyVariables, options: { readonly maxSockets: number }) {
  const settings = { keepAlive: true, ...options, proxyEnv: { ...proxyEnv } }
  return { httpAgent: new http.Agent(settings), httpsAgent: new https.Agent(settings) }
}

/**
 * Sends every `fetch` of this process through the proxies of these variables. False where this Node cannot:
 * it came with 24.14. https://nodejs.org/docs/latest-v24.x/api/http.html#httpsetglobalproxyfromenvproxyenv
 */
export function useProxies(variables: ProxyVariables): boolean {
  const setGlobalProxyFromEnv: typeof http.setGlobalProxyFromEnv | undefined = http.setGlobalProxyFromEnv
  if (
    proxyVariableFor('http:', variables) === undefined &&
    proxyVariableFor('https:', variables) === undefined
  )
    return true
  setGlobalProxyFromEnv?.({ ...variables })
  if (setGlobalProxyFromEnv !== undefined) inForce = variables
  return setGlobalProxyFromEnv !== undefined
}
