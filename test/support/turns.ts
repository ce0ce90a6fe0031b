import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial } from 'node:net'

/** A server in between that counts how often a client waits for an answer. */
export interface TurnCounter extends AsyncDisposable {
  readonly port: number
  readonly connections: number
  /** Messages of clients that came after an answer: round trips, independent of the network. */
  readonly turns: number
}

export async function countTurns(host: string, port: number): Promise<TurnCounter> {
  let [turns, connections] = [0, 0]
  const server = createServer(client => {
    let isWaiting = false
    connections += 1
    const upstream = dial(port, host)
    client.on('data', chunk => {
      if (!isWaiting) turns += 1
      isWaiting = true
      upstream.write(chunk)
    })
    upstream.on('data', chunk => {
      isWaiting = false
      client.write(chunk)
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    get turns() {
      return turns
    },
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}
