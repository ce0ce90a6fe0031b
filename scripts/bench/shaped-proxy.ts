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
}

/** At least this much may be on the way in one direction of a connection. */
const SMALLEST_WINDOW = 256 * 1024

/** Forwards to a service with the delay and the speed of `network`. `await using` closes it. */
export async function startShapedProxy(
  target: { readonly host: string; readonly port: number },
  network: Network,
): Promise<ShapedProxy> {
  const sockets = new Set<Socket>()
  let turns = 0
  const server = createServer({ allowHalfOpen: true, noDelay: true }, async client => {
    sockets.add(client.on('error', () => client.destroy()))
    // The handshake of TCP takes a round trip.
    await sleep(network.roundTripMs)
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true })
    sockets.add(upstream.on('error', () => client.destroy()))
    let isServersTurn = false
    carry(client, upstream, network, () => {
      if (!isServersTurn) turns += 1
      isServersTurn = true
    })
    carry(upstream, client, network, () => {
      isServersTurn = false
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return {
    port: address.port,
    roundTrips: () => turns,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Hands each piece on, in order, when a wire of this speed and length would. */
function carry(from: Socket, to: Socket, network: Network, onData: () => void): void {
  const { roundTripMs, bytesPerSecond } = network
  const window = Math.max(SMALLEST_WINDOW, (bytesPerSecond * roundTripMs) / 1000)
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
    onData()
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
