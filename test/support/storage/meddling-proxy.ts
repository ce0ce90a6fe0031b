import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

interface Answer {
  readonly status: number
  readonly body: string
  /** What Content-Length says, and zeros instead of a body. */
  readonly length?: number
}

/** What is done to a request or its answer on the way. */
export interface Meddling {
  readonly method?: string
  /** Tested against path and query. */
  readonly path: RegExp
  /** Only requests whose Authorization header matches. */
  readonly authorization?: RegExp
  /** Only requests that have a header of such a name. */
  readonly withHeader?: RegExp
  /** Only requests that have no header of such a name. */
  readonly withoutHeader?: RegExp
  /** How many requests; one if left out. */
  readonly times?: number
  /** Flips the lowest bit of the first byte that is sent. */
  readonly flipSent?: boolean
  /** Flips the lowest bit of this byte of what comes back. */
  readonly flipReceivedAt?: number
  /** Only requests whose Range header matches. */
  readonly range?: RegExp
  /** Lets the request through and hangs up in place of the answer. */
  readonly dropAnswer?: boolean
  /** Hangs up after so many bytes of the answer. */
  readonly cutAnswerAfter?: number
  /** Takes the request, and lets it through so much later, also when the client has gone by then. */
  readonly holdRequestMs?: number
  /** Lets the request through, and keeps its answer for so long. */
  readonly holdAnswerMs?: number
  /** Answers instead of the store. */
  readonly answer?: Answer
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string
  readonly range: string | undefined
  readonly headerNames: readonly string[]
  /** Bytes of the answer that were passed on. */
  received: number
}

/**
 * A proxy between a client and a real store that passes requests on as they are, except where a test meddles.
 */
export class MeddlingProxy implements AsyncDisposable {
  readonly seen: SeenRequest[] = []
  readonly #server: Server
  readonly #target: URL
  readonly #agent = new Agent({ keepAlive: true })
  readonly #orders: { readonly how: Meddling; left: number }[] = []

  private constructor(server: Server, target: URL) {
    this.#server = server
    this.#target = target
    server.on('request', (incoming, response) => this.#handle(incoming, response))
  }

  static async start(endpoint: string): Promise<MeddlingProxy> {
    const server = createServer({ requestTimeout: 0 })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new MeddlingProxy(server, new URL(endpoint))
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
    return `http://127.0.0.1:${address.port}`
  }

  meddle(how: Meddling): void {
    this.#orders.push({ how, left: how.times ?? 1 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #handle(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = incoming
    const seen: SeenRequest = {
      method,
      path: url,
      authorization: headers.authorization ?? '',
      range: headers.range,
      headerNames: Object.keys(headers),
      received: 0,
    }
    this.seen.push(seen)
    const how = this.#orderFor(seen)
    if (how?.answer !== undefined) answer(incoming, response, how.answer)
    else if (how?.holdRequestMs !== undefined) void this.#hold(incoming, how.holdRequestMs)
    else this.#pass(incoming, response, seen, how)
  }

  #orderFor({ method, path, authorization, range, headerNames }: SeenRequest): Meddling | undefined {
    const order = this.#orders.find(
      ({ how, left }) =>
        left > 0 &&
        (how.method ?? method) === method &&
        how.path.test(path) &&
        (how.authorization?.test(authorization) ?? true) &&
        (how.withHeader === undefined || headerNames.some(name => how.withHeader?.test(name))) &&
        (how.range?.test(range ?? '') ?? true) &&
        !headerNames.some(name => how.withoutHeader?.test(name)),
    )
    if (order !== undefined) order.left -= 1
    return order?.how
  }

  /** The answer is dropped: the client has gone. */
  async #hold(incoming: IncomingMessage, holdMs: number): Promise<void> {
    const { hostname, port } = this.#target
    const { method, url, rawHeaders: headers } = incoming
    const body: Buffer[] = []
    for await (const chunk of incoming) body.push(chunk)
    await sleep(holdMs)
    const outgoing = request({ hostname, port, method, path: url, headers })
    outgoing.on('response', reply => reply.resume()).on('error', () => {})
    outgoing.end(Buffer.concat(body))
  }

  #pass(
    incoming: IncomingMessage,
    response: ServerResponse,
    seen: SeenRequest,
    how: Meddling | undefined,
  ): void {
    const { hostname, port } = this.#target
    const { method, url, rawHeaders: headers } = incoming
    const outgoing = request({ hostname, port, agent: this.#agent, method, path: url, headers })
    outgoing.on('response', async reply => {
      if (how?.holdAnswerMs !== undefined) await sleep(how.holdAnswerMs)
      if (how?.dropAnswer) {
        reply.resume()
        reply.on('end', () => response.destroy())
        return
      }
      response.writeHead(reply.statusCode ?? 502, reply.rawHeaders)
      const body = how?.flipReceivedAt === undefined ? reply : reply.pipe(flipBit(how.flipReceivedAt))
      const pass = new Transform({
        transform(chunk: Buffer, _, done) {
          const left = (how?.cutAnswerAfter ?? Number.POSITIVE_INFINITY) - seen.received
          seen.received += Math.min(left, chunk.length)
          if (left >= chunk.length) return done(null, chunk)
          // An end, not a reset: what was passed on before still arrives, so that a test can count.
          response.write(chunk.subarray(0, left), () => response.socket?.end())
          reply.destroy()
        },
      })
      body.pipe(pass).pipe(response)
      reply.on('error', () => response.destroy())
    })
    outgoing.on('error', () => response.destroy())
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy()
    })
    incoming.on('error', () => outgoing.destroy())
    const body = how?.flipSent ? incoming.pipe(flipBit(0)) : incoming
    body.pipe(outgoing)
  }
}

function flipBit(at: number): Transform {
  let seen = 0
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const copy = Buffer.from(chunk)
      const place = at - seen
      if (place >= 0 && place < copy.length) copy.writeUInt8(copy.readUInt8(place) ^ 1, place)
      seen += copy.length
      done(null, copy)
    },
  })
}

/** Takes the whole request first: the client sees the answer, not a broken pipe. */
function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, body, length = Buffer.byteLength(body) }: Answer,
): void {
  incoming.resume()
  incoming.on('end', () => {
    response.writeHead(status, { 'content-type': 'application/xml', 'content-length': length })
    if (length > Buffer.byteLength(body)) response.write(Buffer.alloc(65_536))
    else response.end(incoming.method === 'HEAD' ? undefined : body)
  })
}

/** The body of an S3 error. */
export function s3Error(code: string, message = 'injected by the test'): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
}

/**
 * What a bucket with a default retention says to a PutObject or UploadPart without a checksum (AWS, "Using
 * Object Lock").
 */
export const LOCKED_BUCKET: Meddling = {
  method: 'PUT',
  path: /./,
  withoutHeader: /^(content-md5|x-amz-checksum-.*)$/,
  times: Number.POSITIVE_INFINITY,
  answer: {
    status: 400,
    body: s3Error(
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    ),
  },
}
