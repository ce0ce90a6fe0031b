import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { HttpFaults, type RequestMatch } from './http-faults.ts'

export interface Upstream {
  readonly host?: string
  readonly port: number
  /** Understand HTTP, so that failNext can be used. */
  readonly http?: boolean
}

/**
 * A TCP proxy on loopback that can take a service away and bring it back: real sockets in front of a real
 * server. `await using` closes it.
 */
export class FaultProxy implements AsyncDisposable {
  /** Bytes that went up to the server. */
  bytesUp = 0
  /** Bytes that came down from the server. */
  bytesDown = 0
  /** Connections made, also those that were refused. */
  connections = 0
  /** Holds each piece of data for this long, in both directions. */
  delayMs = 0
  /** Limit for what one connection sends up in a second. */
  bytesPerSecondUp = Number.POSITIVE_INFINITY
  /**
   * Forgets a connection that was silent for longer, as a NAT does: later packets are
   * dropped without a reset.
   */
  forgetAfterMs = Number.POSITIVE_INFINITY
  readonly port: number
  readonly #server: Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #http: HttpFaults | undefined
  readonly #sockets = new Set<Socket>()
  #refusing = false
  /** Data passes once it resolves: pending while there is a blackhole. */
  #gate = Promise.resolve()
  #openGate = () => {}

  private constructor(server: Server, target: { host: string; port: number }, http: HttpFaults | undefined) {
    this.port = portOf(server)
    this.#server = server
    this.#target = target
    this.#http = http
    server.on('connection', client => this.#accept(client))
  }

  static async start({ host = '127.0.0.1', port, http = false }: Upstream): Promise<FaultProxy> {
    const faults = http ? await HttpFaults.start({ host, port }) : undefined
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new FaultProxy(server, faults === undefined ? { host, port } : faults.address, faults)
  }

  /** `http://127.0.0.1:<port>` */
  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Resets open connections, and new ones as soon as they are made. */
  refuse(): void {
    this.#refusing = true
    this.resetAll()
  }

  /** Connections stay or are made, but no byte passes and none is reset. */
  blackhole(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = promise
    this.#openGate = resolve
  }

  /** Back to normal; what the blackhole held goes on. */
  resume(): void {
    this.#refusing = false
    this.#openGate()
  }

  /** Resets every open connection in the middle of what it does; new ones are welcome. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Resets the connection that was made last. */
  resetNewest(): void {
    const [, client] = [...this.#sockets].toReversed()
    client?.resetAndDestroy()
  }

  /** Answers the next `count` matching requests with this status; they do not reach the server. */
  failNext(status: number, count: number, match: RequestMatch = {}): void {
    if (this.#http === undefined) throw new Error('failNext needs a proxy that was started with http: true')
    this.#http.failNext(status, count, match)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume()
    this.#server.close()
    this.resetAll()
    await once(this.#server, 'close')
    await this.#http?.[Symbol.asyncDispose]()
  }

  #accept(client: Socket): void {
    this.connections += 1
    if (this.#refusing) return void client.resetAndDestroy()
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true })
    const pair = [client, server]
    for (const socket of pair) {
      this.#sockets.add(socket)
      socket.on('error', () => pair.forEach(other => void other.destroy()))
      socket.on('close', () => this.#sockets.delete(socket))
    }
    const memory = { heardAt: performance.now(), isLost: false }
    void this.#pump(client, server, memory, bytes => this.#sent(bytes))
    void this.#pump(server, client, memory, bytes => this.#received(bytes))
  }

  async #sent(bytes: number): Promise<void> {
    this.bytesUp += bytes
    await wait((bytes / this.bytesPerSecondUp) * 1000)
  }

  async #received(bytes: number): Promise<void> {
    this.bytesDown += bytes
  }

  async #pump(
    from: Socket,
    to: Socket,
    memory: Memory,
    count: (bytes: number) => Promise<void>,
  ): Promise<void> {
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        memory.isLost ||= performance.now() - memory.heardAt > this.forgetAfterMs
        memory.heardAt = performance.now()
        if (memory.isLost) continue
        await this.#gate
        await wait(this.delayMs)
        await count(chunk.length)
        if (!to.write(chunk)) await once(to, 'drain')
      }
      await this.#gate
      to.end()
    } catch {
      // One side was reset: so is the other.
      from.destroy()
      to.destroy()
    }
  }
}

/** What the proxy knows of one connection. */
interface Memory {
  heardAt: number
  isLost: boolean
}

async function wait(durationMs: number): Promise<void> {
  if (durationMs > 0) await sleep(durationMs)
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return address.port
}
