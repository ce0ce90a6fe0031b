import type { Lab } from '../../lab/lab.ts'
import { labEnvironment } from '../../test/support/dump.ts'
import { type Network, type ShapedProxy, startShapedProxy } from './shaped-proxy.ts'

export interface StoreProxy extends ShapedProxy {
  /** For an action that reaches the lab's store through the proxy. */
  readonly env: Readonly<Record<string, string>>
}

/** The lab's store behind a network. `await using` closes it. */
export async function startStoreProxy(lab: Lab, network: Network): Promise<StoreProxy> {
  const endpoint = new URL(lab.s3.endpoint)
  const proxy = await startShapedProxy({ host: endpoint.hostname, port: Number(endpoint.port) }, network)
  endpoint.port = String(proxy.port)
  return { ...proxy, env: { ...labEnvironment(lab), AWS_ENDPOINT_URL_S3: endpoint.origin } }
}
