import type { Log } from '../core/log.ts'
import { pickProxyVariables, useProxies } from '../net/proxies.ts'
import type { Environment } from './environment.ts'
import { maskSecret } from './secrets.ts'

/**
 * Sends requests to GitHub, webhooks and health checks through the proxies of the environment, as the store's
 * are.
 */
export function followProxies({ variables }: Environment, log: Log): void {
  const proxies = pickProxyVariables(variables)
  for (const address of Object.values(proxies)) {
    const password = URL.parse(address)?.password
    if (password) maskSecret(decodeURIComponent(password))
  }
  if (!useProxies(proxies))
    log.warning(
      'HTTPS_PROXY or HTTP_PROXY is set, but this runner cannot use it for GitHub and webhooks: update the runner to one with Node 24.14 or newer.',
    )
}
