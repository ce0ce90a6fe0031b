import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import process from 'node:process'
import { readMachineSource } from '../../../src/postgres/install/apt/machine-source.ts'

/** The suite that carries PostgreSQL 18 on Debian's mirrors. */
export const SUITE = 'forky'

/** What the real mirror answered, once a test process. */
const answers = new Map<string, Promise<{ status: number; body: Buffer }>>()

interface Fault {
  readonly path: RegExp
  readonly change?: (body: Buffer) => Buffer
}

/**
 * A package mirror on loopback in front of the one that this machine uses, with real packages and real
 * signatures, that can change what it hands out or fall silent. `await using` closes it.
 */
export class Mirror implements AsyncDisposable {
  /** Paths that were asked for. */
  readonly requests: string[] = []
  readonly #server: Server
  readonly #upstream: string
  readonly #keyring: string
  readonly #faults: Fault[] = []

  private constructor(server: Server, upstream: string, keyring: string) {
    this.#server = server
    this.#upstream = upstream
    this.#keyring = keyring
    server.on('request', (incoming, response) => void this.#answer(incoming, response))
  }

  static async start(): Promise<Mirror> {
    const source = await readMachineSource(SUITE, process.env)
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(source)?.[1] ?? ''
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new Mirror(server, field('URIs'), field('Signed-By'))
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
    return `http://127.0.0.1:${address.port}`
  }

  /** As a user would write it. */
  get oneLine(): string {
    return `deb [signed-by=${this.#keyring}] ${this.url} ${SUITE} main`
  }

  /** Hands out something else for paths that match. */
  tamper(path: RegExp, change: (body: Buffer) => Buffer): void {
    this.#faults.push({ path, change })
  }

  /** Hands out a file that the real mirror does not have. */
  serve(path: string, body: Buffer): void {
    answers.set(this.#resolve(path), Promise.resolve({ status: 200, body }))
  }

  /** A file of the real mirror. */
  async read(path: string): Promise<Buffer> {
    const { status, body } = await this.#fetch(path)
    if (status !== 200) throw new Error(`The mirror answers ${status} for ${path}`)
    return body
  }

  /** Never answers for paths that match. */
  stall(path: RegExp): void {
    this.#faults.push({ path })
  }

  /** Answers as it should again. */
  heal(): void {
    this.#faults.length = 0
    this.#server.closeAllConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #answer({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(url)
    const fault = this.#faults.find(({ path }) => path.test(url))
    if (fault !== undefined && fault.change === undefined) return
    const { status, body } = await this.#fetch(url)
    const sent = fault?.change?.(Buffer.from(body)) ?? body
    response.writeHead(status, { 'content-length': sent.length }).end(sent)
  }

  #fetch(path: string): Promise<{ status: number; body: Buffer }> {
    const url = this.#resolve(path)
    const answer = answers.get(url) ?? download(url)
    answers.set(url, answer)
    return answer
  }

  #resolve(path: string): string {
    return this.#upstream.replace(/\/$/, '') + path
  }
}

async function download(url: string): Promise<{ status: number; body: Buffer }> {
  const response = await fetch(url)
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) }
}

/** Changes one bit in the middle. */
export function flipBit(body: Buffer): Buffer {
  const middle = body.length >> 1
  body[middle] = (body[middle] ?? 0) ^ 1
  return body
}

/** A port of loopback without a listener. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
