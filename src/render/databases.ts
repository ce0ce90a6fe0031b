import * as d from '../core/json/decode.ts'
import { parseConnectionUrl } from '../core/pg/connection.ts'
import {
  type AllowEntry,
  connectionInfo,
  environment,
  type LogicalExport,
  logicalExport,
  type RecoveryInfo,
  type RenderDatabase,
  type RenderEnvironment,
  recoveryInfo,
  renderDatabase,
} from '../core/render/resources.ts'
import { Secret } from '../core/secret.ts'
import { parseAnswer, type RenderClient } from './client.ts'
import { readAllPages } from './paging.ts'
import { type Suspendable, setSuspended } from './suspension.ts'

/**
 * How to connect to a database: from Render's private network, and from elsewhere. They hold the password.
 */
interface ConnectionUrls {
  readonly internal: Secret
  readonly external: Secret
}

interface RecoveryRequest {
  readonly sourceId: string
  readonly pointInTime: Date
  /** The name of the new instance, by which it is found again. */
  readonly name: string
  /** Undefined: as the source. */
  readonly plan: string | undefined
  readonly environmentId: string | undefined
  /** Looks for it though the answer was lost. */
  readonly findMade: () => Promise<RenderDatabase | undefined>
}

/** The Postgres part of Render's API. */
export class RenderDatabases {
  readonly #client: RenderClient

  constructor(client: RenderClient) {
    this.#client = client
  }

  read(id: string): Promise<RenderDatabase> {
    return this.#client.read(
      { method: 'GET', path: `/postgres/${id}`, what: `read the database ${id}` },
      renderDatabase,
    )
  }

  /** Every instance that the key can see; without a name, all of them. */
  async list(name?: string): Promise<readonly RenderDatabase[]> {
    const page = d.array(d.object({ cursor: d.unknown, postgres: renderDatabase }))
    const what = name === undefined ? 'list the databases' : `list the databases called ${name}`
    const query = name === undefined ? {} : { name }
    const items = await readAllPages(this.#client, { path: '/postgres', query, what }, page)
    const found = items.map(({ postgres }) => postgres)
    // Whether the filter is exact is not documented.
    return name === undefined ? found : found.filter(database => database.name === name)
  }

  readRecovery(id: string): Promise<RecoveryInfo> {
    return this.#client.read(
      { method: 'GET', path: `/postgres/${id}/recovery`, what: `read the recovery window of ${id}` },
      recoveryInfo,
    )
  }

  /** Newest first. */
  async listExports(id: string): Promise<readonly LogicalExport[]> {
    const exports = await this.#client.read(
      { method: 'GET', path: `/postgres/${id}/export`, what: `list the exports of ${id}` },
      d.withDefault(d.array(logicalExport), []),
    )
    return exports.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
  }

  async readConnectionUrls(id: string): Promise<ConnectionUrls> {
    const found = await this.#client.read(
      { method: 'GET', path: `/postgres/${id}/connection-info`, what: `read the connection of ${id}` },
      connectionInfo,
    )
    return {
      internal: new Secret(found.internalConnectionString),
      external: new Secret(found.externalConnectionString),
    }
  }

  readEnvironment(id: string): Promise<RenderEnvironment> {
    return this.#client.read(
      { method: 'GET', path: `/environments/${id}`, what: `read the environment ${id}` },
      environment,
    )
  }

  /** Replaces the whole list: there is no smaller change. */
  async setAllowList(id: string, entries: readonly AllowEntry[]): Promise<void> {
    await this.#client.send({
      method: 'PATCH',
      path: `/postgres/${id}`,
      body: { ipAllowList: entries },
      what: `change the allow list of ${id}`,
    })
  }

  /** Starts a recovery to a new instance, and returns that. */
  async startRecovery(request: RecoveryRequest): Promise<RenderDatabase> {
    const { sourceId, pointInTime, name, plan, environmentId } = request
    const post = {
      path: `/postgres/${sourceId}/recovery`,
      body: {
        restoreTime: pointInTime.toISOString(),
        restoreName: name,
        ...(plan !== undefined && { plan }),
        ...(environmentId !== undefined && { environmentId }),
      },
      what: `start the recovery of ${sourceId} to ${pointInTime.toISOString()}`,
      findEffect: request.findMade,
    }
    const answer = await this.#client.post(post)
    return 'effect' in answer ? answer.effect : parseAnswer(post, answer, renderDatabase)
  }

  suspend(id: string): Promise<void> {
    return setSuspended(this.#client, this.#suspendable(id), 'suspend')
  }

  resume(id: string): Promise<void> {
    return setSuspended(this.#client, this.#suspendable(id), 'resume')
  }

  #suspendable(id: string): Suspendable {
    return { path: `/postgres/${id}`, name: `the database ${id}`, read: () => this.read(id) }
  }

  /** Deletes an instance with its backups, for ever. Callers ask `reasonNotToDelete` first. */
  async delete(id: string): Promise<void> {
    await this.#client.send({ method: 'DELETE', path: `/postgres/${id}`, what: `delete the database ${id}` })
  }
}

/** The URL with the transport that Render's external host demands, unless the URL says another. */
export function withTls(url: string): string {
  const hasMode = parseConnectionUrl(url) !== undefined && /[?&](sslmode|ssl)=/.test(url)
  return hasMode ? url : `${url}${url.includes('?') ? '&' : '?'}sslmode=require`
}
