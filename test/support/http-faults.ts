import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'

export interface RequestMatch {
  readonly method?: string
  /** Tested against path and query: `/bucket/key?partNumber=3&uploadId=…`. */
  readonly path?: RegExp
}

interface Fault extends RequestMatch {
  readonly status: number
  left: number
}

interface Address {
  readonly host: string
  readonly port: number
}

/** What S3 says with these statuses. */
const CODES: Readonly<Record<number, string>> = {
  400: 'RequestTimeout',
  403: 'AccessDenied',
  500: 'InternalError',
  503: 'SlowDown',
}

/**
 * An HTTP proxy that passes requests on as they are, signatures included, except those that are set to fail.
 */
export class HttpFaults implements AsyncDisposable {
  readonly #server: Server
  readonly #target: Address
  readonly #agent = new Agent({ keepAlive: true })
  readonly #faults: Fault[] = []

  private constructor(server: Server, target: Address) {
    this.#server = server
    this.#target = target
    server.on('request', (incoming, response) => void this.#handle(incoming, response))
  }

  static async start(target: Address): Promise<HttpFaults> {
    const server = createServer({ requestTimeout: 0 })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new HttpFaults(server, target)
  }

  get address(): Address {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
    return { host: '127.0.0.1', port: address.port }
  }

  failNext(status: number, count: number, match: RequestMatch): void {
    this.#faults.push({ status, left: count, ...match })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.#take(incoming)
    if (fault !== undefined) return answer(incoming, response, fault.status)
    const { method, url, rawHeaders: headers } = incoming
    const outgoing = request({ ...this.#target, agent: this.#agent, method, path: url, headers })
    outgoing.on('response', reply => {
      response.writeHead(reply.statusCode ?? 502, reply.rawHeaders)
      reply.pipe(response)
      reply.on('error', () => response.destroy())
    })
    outgoing.on('error', () => response.destroy())
    incoming.on('error', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }

  #take({ method, url = '' }: IncomingMessage): Fault | undefined {
    const fault = this.#faults.find(
      candidate =>
        candidate.left > 0 &&
        (candidate.method ?? method) === method &&
        (candidate.path === undefined || candidate.path.test(url)),
    )
    if (fault !== undefined) fault.left -= 1
    return fault
  }
}

/** Takes the whole request first, as a server under load does: clients see the status, not a broken pipe. */
function answer(incoming: IncomingMessage, response: ServerResponse, status: number): void {
  const code = CODES[status] ?? 'InternalError'
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>injected by the test</Message></Error>`
  incoming.resume()
  incoming.on('end', () => {
    response.writeHead(status, { 'content-type': 'application/xml', 'content-length': body.length })
    response.end(incoming.method === 'HEAD' ? undefined : body)
  })
}
