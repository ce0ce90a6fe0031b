import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { withClient } from '../database.ts'

export type ServiceType = 'web_service' | 'background_worker' | 'cron_job' | 'static_site' | 'private_service'

export interface FakeDeploy {
  readonly id: string
  status: string
  readonly trigger: string
  readonly createdAt: string
  finishedAt?: string
}

/**
 * A service of the fake. A web service really answers `/up`, out of the database that its last good deploy
 * was given.
 */
export interface FakeService {
  readonly id: string
  readonly name: string
  readonly type: ServiceType
  suspended: 'suspended' | 'not_suspended'
  maintenance: boolean
  /** Variables of the service itself. */
  readonly variables: Map<string, string>
  readonly deploys: FakeDeploy[]
  /** What the running release was started with. */
  running: ReadonlyMap<string, string>
  /** How the next deploys end, when not by the health of the new release. */
  deployEnd: 'update_failed' | 'build_failed' | undefined
  /** The health page answers 500 although the deploy went well. */
  isSick: boolean
  readonly url: string
  readonly publicUrl: string
  close(): Promise<void>
}

/** Groups of variables that are linked to services. */
export interface FakeGroup {
  readonly id: string
  readonly name: string
  readonly variables: Map<string, string>
  readonly serviceIds: readonly string[]
}

export interface ServiceOptions {
  readonly id: string
  readonly name: string
  readonly type: ServiceType
  readonly variables: Readonly<Record<string, string>>
}

/** The query behind `/up`. */
const UP_QUERY = 'SELECT 1'

export async function startService(options: ServiceOptions): Promise<FakeService> {
  const server = createServer((request, response) => void answer(request.url ?? '/', response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const service: FakeService = {
    id: options.id,
    name: options.name,
    type: options.type,
    suspended: 'not_suspended',
    maintenance: false,
    variables: new Map(Object.entries(options.variables)),
    deploys: [],
    running: new Map(Object.entries(options.variables)),
    deployEnd: undefined,
    isSick: false,
    url,
    publicUrl: `${url}/up`,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
  async function answer(path: string, response: ServerResponse): Promise<void> {
    const isDown = service.maintenance || service.suspended === 'suspended'
    if (path !== '/up' || isDown) return void response.writeHead(isDown ? 503 : 404).end()
    const healthy = !service.isSick && (await isUp(service.running))
    response.writeHead(healthy ? 200 : 500).end(healthy ? 'up' : 'down')
  }
  return service
}

/** Whether a release with these variables reaches its database. */
export async function isUp(variables: ReadonlyMap<string, string>): Promise<boolean> {
  const url = variables.get('DATABASE_URL')
  if (url === undefined) return true
  return await withClient(url, async client => {
    await client.query(UP_QUERY)
    return true
  }).catch(() => false)
}

/** Walks a deploy to its end: it is live once the new release is healthy; until then the old one serves. */
export async function walkDeploy(
  service: FakeService,
  deploy: FakeDeploy,
  variables: ReadonlyMap<string, string>,
  stepMs: number,
): Promise<void> {
  for (const status of ['created', 'queued', 'update_in_progress']) {
    deploy.status = status
    await sleep(stepMs)
  }
  const healthy = service.deployEnd === undefined && (await isUp(variables))
  if (healthy) {
    for (const older of service.deploys) if (older.status === 'live') older.status = 'deactivated'
    service.running = variables
  }
  deploy.status = healthy ? 'live' : (service.deployEnd ?? 'update_failed')
  deploy.finishedAt = new Date().toISOString()
}

/** What Render answers about a service. */
export function renderService(service: FakeService): object {
  const { id, name, type, suspended, maintenance, url } = service
  return {
    ...{ id, name, type, suspended, suspenders: suspended === 'suspended' ? ['user'] : [] },
    ...{ ownerId: 'tea-logi', autoDeploy: 'no', slug: name },
    serviceDetails: {
      url,
      healthCheckPath: '/up',
      plan: 'starter',
      ...(type === 'web_service' && { maintenanceMode: { enabled: maintenance, uri: '' } }),
    },
  }
}
