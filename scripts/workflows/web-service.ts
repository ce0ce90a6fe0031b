import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a hosting service shows of itself: a deploy hook, and the health of what runs there. */
export interface WebService extends AsyncDisposable {
  readonly url: string
  /** Query strings of the deploy hook, in order. */
  readonly deploys: readonly string[]
  /** What `/up` answers with. */
  health: 200 | 503
}

/** A service on loopback whose deploy hook, `/deploy`, calls `deploy`, and whose `/up` is healthy at first. */
export async function startWebService(deploy: () => Promise<void>): Promise<WebService> {
  const deploys: string[] = []
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (pathname === '/deploy') {
      deploys.push(search)
      await deploy()
    }
    const status = pathname === '/up' ? service.health : pathname === '/deploy' ? 200 : 404
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const service: WebService = {
    url: `http://127.0.0.1:${port}`,
    deploys,
    health: 200,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return service
}
