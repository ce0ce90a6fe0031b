import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** A proxy as companies have it: it forwards `http:` requests and tunnels `https:` ones. */
export interface RunningProxy extends AsyncDisposable {
  readonly url: string
  /** `CONNECT host` or `GET host`, in order. */
  readonly seen: readonly string[]
}

export interface ProxyOptions {
  /** Refuses everything with this status, as 407 without credentials. */
  readonly refuse?: number
}

/** Names that end in `.inside.invalid` are this machine, and only the proxy knows them. */
export async function startProxy({ refuse }: ProxyOptions = {}): Promise<RunningProxy> {
  const seen: string[] = []
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '')
    seen.push(`${incoming.method} ${url.hostname}`)
    if (refuse === undefined) forward(incoming, response, url)
    else response.writeHead(refuse).end()
  })
  server.on('connect', ({ url = '' }: IncomingMessage, socket: Duplex) => {
    const { hostname, port } = new URL(`tunnel://${url}`)
    seen.push(`CONNECT ${hostname}`)
    socket.on('error', () => {})
    if (refuse === undefined) tunnel(socket, addressOf(hostname), Number(port))
    else socket.end(`HTTP/1.1 ${refuse} Refused\r\n\r\n`)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function addressOf(hostname: string): string {
  return hostname.endsWith('.inside.invalid') ? '127.0.0.1' : hostname
}

function forward(incoming: IncomingMessage, response: ServerResponse, url: URL): void {
  const { method, headers } = incoming
  const target = { hostname: addressOf(url.hostname), port: url.port, path: url.pathname + url.search }
  const outgoing = request({ ...target, method, headers }, reply => {
    response.writeHead(reply.statusCode ?? 502, reply.headers)
    reply.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  incoming.pipe(outgoing)
}

function tunnel(socket: Duplex, host: string, port: number): void {
  const upstream = connect(port, host, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    upstream.pipe(socket).pipe(upstream)
  })
  upstream.on('error', () => socket.destroy())
  socket.on('close', () => upstream.destroy())
}
