import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A network between a runner and a service, as a proxy on loopback imitates it. */
export interface Network {
  readonly name: string
  /** There and back. */
  readonly roundTripMs: number
  /** What one connection carries in a second, in each direction. */
  readonly bytesPerSecond: number
}

export interface ShapedProxy extends AsyncDisposable {
  readonly port: number
  /** Times that the client spoke after the server had: what a connection waits a round trip for. */
  roundTrips(): number
  /** Method and path of every HTTP request so far. */
  requests(): readonly string[]
  /** Bytes that the service has sent, headers included. */
  receivedBytes(): number
}

export const LOOPBACK: Network = {
  name: 'loopback',
  roundTripMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
}
/** A hosted runner and a database, or a store, on another continent. */
export const FAR: Network = {
  name: '100 ms, 10 MB/s a connection',
  roundTripMs: 100,
  bytesPerSecond: 10_000_000,
}

/** At least this much may be on the way in one direction of a connection. */
const SMALLEST_WINDOW = 256 * 1024
/** How a request of HTTP begins. */
const REQUEST_LINE = /^(?:GET|HEAD|PUT|POST|DELETE) \S+/

/** Forwards to a service with the delay and the speed of `network`. `await using` closes it. */
export async function startShapedProxy(
  target: { readonly host: string; readonly port: number },
  network: Network,
): Promise<ShapedProxy> {
  const sockets = new Set<Socket>()
  let turns = 0
  let receivedBytes = 0
  const requests: string[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, async client => {
    sockets.add(client.on('error', () => client.destroy()))
    // The handshake of TCP takes a round trip.
    await sleep(network.roundTripMs)
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true })
    sockets.add(upstream.on('error', () => client.destroy()))
    let isServersTurn = false
    carry(client, upstream, network, piece => {
      const [request] = REQUEST_LINE.exec(piece.toString('latin1', 0, 2000)) ?? []
      if (request !== undefined) requests.push(request)
      if (!isServersTurn) turns += 1
      isServersTurn = true
    })
    carry(upstream, client, network, piece => {
      receivedBytes += piece.length
      isServersTurn = false
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return {
    port: address.port,
    roundTrips: () => turns,
    requests: () => [...requests],
    receivedBytes: () => receivedBytes,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Hands each piece on, in order, when a wire of this speed and length would. */
function carry(from: Socket, to: Socket, network: Network, onData: (piece: Buffer) => void): void {
  const { roundTripMs, bytesPerSecond } = network
  const window = Math.max(SMALLEST_WINDOW, roundTripMs === 0 ? 0 : (bytesPerSecond * roundTripMs) / 1000)
  let free = 0
  let underWay = 0
  let delivered = Promise.resolve()
  const afterDelay = (deliver: () => void) => {
    const at = Math.max(free, performance.now()) + roundTripMs / 2
    delivered = delivered.then(async () => {
      const waitMs = at - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      deliver()
    })
  }
  from.on('data', (piece: Buffer) => {
    onData(piece)
    free = Math.max(free, performance.now()) + (piece.length / bytesPerSecond) * 1000
    underWay += piece.length
    if (underWay >= window) from.pause()
    afterDelay(() => {
      underWay -= piece.length
      to.write(piece)
      if (underWay < window) from.resume()
    })
  })
  from.on('end', () => afterDelay(() => to.end()))
  from.on('close', () => afterDelay(() => to.end()))
}
