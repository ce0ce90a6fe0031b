import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export const RENDER_KEY = 'rnd_key_of_the_deployer'

/** How a deploy at Render ends. */
export type DeployEnd =
  | 'live'
  | 'deactivated'
  | 'canceled'
  | 'build_failed'
  | 'pre_deploy_failed'
  | 'update_failed'

export interface Deploy {
  readonly id: string
  readonly commit: { readonly id: string }
  readonly createdAt: string
  status: string
  finishedAt?: Date
}

/**
 * As much of Render as a deploy sees: deploys of one service by its API, and the health of what runs there.
 */
export interface WebService extends AsyncDisposable {
  readonly url: string
  readonly deploys: readonly Deploy[]
  /** What `/up` answers with. */
  health: 200 | 503
  /** How the next deploys end; live at first. */
  end: DeployEnd
  /** Whether a deploy has to wait for another: then the answer is 202, and empty. */
  isBusy: boolean
  /** Requests that get a 503 first. */
  stumbles: number
}

/**
 * A service on loopback. As at Render, a deploy is answered at once and goes on by itself: `migrate` is its
 * pre-deploy command, and until it is live the old release answers `/up`. A step of it takes `stepMs`.
 */
export async function startWebService(migrate: () => Promise<void>, stepMs = 1000): Promise<WebService> {
  const deploys: Deploy[] = []
  const server = createServer(async (request, response) => {
    const { status, body } = await answer(request)
    response
      .writeHead(status, { 'Content-Type': 'application/json' })
      .end(body === undefined ? '' : JSON.stringify(body))
  })

  async function answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (pathname === '/up') return { status: service.health }
    const id = /^\/v1\/services\/srv-0+\/deploys(?:\/([\w-]+))?$/.exec(pathname)?.[1]
    if (request.headers.authorization !== `Bearer ${RENDER_KEY}`) return { status: 401, body: {} }
    if (request.method === 'POST') {
      const { commitId } = (await json(request)) as { readonly commitId: string }
      const deploy = begin(commitId)
      return service.isBusy ? { status: 202 } : { status: 201, body: deploy }
    }
    if (service.stumbles-- > 0) return { status: 503, body: {} }
    if (id === undefined) {
      const after = searchParams.get('createdAfter') ?? ''
      const found = deploys.filter(({ createdAt }) => createdAt > after).toReversed()
      return { status: 200, body: found.map(deploy => ({ cursor: deploy.id, deploy })) }
    }
    const deploy = deploys.find(candidate => candidate.id === id)
    return deploy === undefined ? { status: 404, body: {} } : { status: 200, body: deploy }
  }

  function begin(commit: string): Deploy {
    const id = `dep-${deploys.length + 1}`
    const createdAt = new Date().toISOString()
    const deploy: Deploy = { id, commit: { id: commit }, createdAt, status: 'created' }
    deploys.push(deploy)
    void goOn(deploy, service.end)
    return deploy
  }

  async function goOn(deploy: Deploy, end: DeployEnd): Promise<void> {
    for (const status of ['build_in_progress', 'pre_deploy_in_progress', 'update_in_progress']) {
      deploy.status = status
      await sleep(stepMs)
      if (end === status.replace('in_progress', 'failed')) break
      if (status === 'pre_deploy_in_progress') await migrate()
    }
    deploy.finishedAt = new Date()
    deploy.status = end
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const service: WebService = {
    url: `http://127.0.0.1:${port}`,
    ...{ deploys, health: 200, end: 'live', isBusy: false, stumbles: 0 },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return service
}
