import * as d from '../core/json/decode.ts'
import {
  deploy,
  type EnvironmentGroup,
  type EnvironmentVariable,
  environmentGroup,
  environmentVariable,
  type RenderDeploy,
  type RenderService,
  service,
} from '../core/render/resources.ts'
import type { Secret } from '../core/secret.ts'
import { parseAnswer, type RenderClient } from './client.ts'
import { readAllPages } from './paging.ts'
import { type Suspendable, setSuspended } from './suspension.ts'

/** Services, their variables and deploys. */
export class RenderServices {
  readonly #client: RenderClient

  constructor(client: RenderClient) {
    this.#client = client
  }

  read(id: string): Promise<RenderService> {
    return this.#client.read(
      { method: 'GET', path: `/services/${id}`, what: `read the service ${id}` },
      service,
    )
  }

  async listVariables(id: string): Promise<readonly EnvironmentVariable[]> {
    const page = d.array(d.object({ cursor: d.unknown, envVar: environmentVariable }))
    const request = { path: `/services/${id}/env-vars`, what: `list the variables of ${id}` }
    return (await readAllPages(this.#client, request, page)).map(({ envVar }) => envVar)
  }

  readGroup(id: string): Promise<EnvironmentGroup> {
    return this.#client.read(
      { method: 'GET', path: `/env-groups/${id}`, what: `read the environment group ${id}` },
      environmentGroup,
    )
  }

  /**
   * Sets one variable of a service (`srv-…`, `crn-…`) or of an environment group (`evg-…`). Nothing is
   * deployed by it.
   */
  async setVariable(ownerId: string, key: string, value: Secret): Promise<void> {
    const folder = ownerId.startsWith('evg-') ? 'env-groups' : 'services'
    await this.#client.send({
      method: 'PUT',
      path: `/${folder}/${ownerId}/env-vars/${encodeURIComponent(key)}`,
      body: { value: value.reveal() },
      what: `set ${key} of ${ownerId}`,
    })
  }

  async setMaintenance(id: string, enabled: boolean): Promise<void> {
    await this.#client.send({
      method: 'PATCH',
      path: `/services/${id}`,
      body: { serviceDetails: { maintenanceMode: { enabled, uri: '' } } },
      what: `switch the maintenance mode of ${id} ${enabled ? 'on' : 'off'}`,
    })
  }

  suspend(id: string): Promise<void> {
    return setSuspended(this.#client, this.#suspendable(id), 'suspend')
  }

  resume(id: string): Promise<void> {
    return setSuspended(this.#client, this.#suspendable(id), 'resume')
  }

  #suspendable(id: string): Suspendable {
    return { path: `/services/${id}`, name: `the service ${id}`, read: () => this.read(id) }
  }

  /** Deploys since an instant, newest first. */
  async listDeploys(id: string, since: Date): Promise<readonly RenderDeploy[]> {
    const query = new URLSearchParams({ createdAfter: since.toISOString(), limit: '100' })
    const items = await this.#client.read(
      { method: 'GET', path: `/services/${id}/deploys?${query}`, what: `list the deploys of ${id}` },
      d.array(d.object({ deploy })),
    )
    const byAge = (a: RenderDeploy, b: RenderDeploy) => Date.parse(b.createdAt) - Date.parse(a.createdAt)
    return items.map(item => item.deploy).toSorted(byAge)
  }

  readDeploy(serviceId: string, id: string): Promise<RenderDeploy> {
    return this.#client.read(
      {
        method: 'GET',
        path: `/services/${serviceId}/deploys/${id}`,
        what: `read the deploy ${id} of ${serviceId}`,
      },
      deploy,
    )
  }

  /**
   * Deploys the last successful build with the variables of now. Undefined where Render only queued it: then
   * the answer has no id, and the deploy shows in the list later.
   */
  async deploy(
    id: string,
    findMade: () => Promise<RenderDeploy | undefined>,
  ): Promise<RenderDeploy | undefined> {
    const post = {
      path: `/services/${id}/deploys`,
      body: { deployMode: 'deploy_only' },
      what: `deploy ${id}`,
      findEffect: findMade,
    }
    const answer = await this.#client.post(post)
    if ('effect' in answer) return answer.effect
    return answer.text.trim() === '' ? undefined : parseAnswer(post, answer, deploy)
  }
}
