import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FaultProxy } from './fault-proxy.ts'

let server: Server
let port = 0
let served = 0

beforeAll(async () => {
  server = createServer(async (incoming, response) => {
    served += 1
    let bytes = 0
    for await (const chunk of incoming) bytes += chunk.length
    response.end(`${incoming.method} ${incoming.url} ${incoming.headers.host} ${bytes}`)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** One request on a connection of its own. */
async function ask(url: string, body = '', timeoutMs = 5000): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(timeoutMs)
  const outgoing = request(url, { method: body === '' ? 'GET' : 'PUT', agent: false, signal })
  outgoing.end(body)
  const [response] = await once(outgoing, 'response')
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, text }
}

describe.each([{ http: false }, { http: true }])('a fault proxy, %o', ({ http }) => {
  const open = () => FaultProxy.start({ port, http })

  it('passes everything on and counts it', async () => {
    await using proxy = await open()
    const body = 'x'.repeat(1_000_000)
    const { text } = await ask(`${proxy.url}/a?b=c`, body)
    expect(text).toBe(`PUT /a?b=c 127.0.0.1:${proxy.port} 1000000`)
    expect(proxy.bytesUp).toBeGreaterThan(1_000_000)
    expect(proxy.bytesDown).toBeGreaterThan(text.length)
    expect(proxy.connections).toBe(1)
  })

  it('refuses, and resumes', async () => {
    await using proxy = await open()
    proxy.refuse()
    await expect(ask(proxy.url)).rejects.toThrow(/ECONNRESET|socket hang up/)
    proxy.resume()
    expect((await ask(proxy.url)).status).toBe(200)
  })

  it('falls silent, and delivers later what it held', async () => {
    await using proxy = await open()
    proxy.blackhole()
    await expect(ask(proxy.url, '', 200)).rejects.toThrow(/abort/)
    const patient = ask(proxy.url)
    setTimeout(() => proxy.resume(), 200)
    expect((await patient).status).toBe(200)
  })

  it('resets connections in flight', async () => {
    await using proxy = await open()
    proxy.delayMs = 10_000
    const asked = ask(proxy.url)
    setTimeout(() => proxy.resetAll(), 100)
    await expect(asked).rejects.toThrow(/ECONNRESET|socket hang up/)
  })

  it('slows down what is sent', async () => {
    await using proxy = await open()
    proxy.bytesPerSecondUp = 1_000_000
    const before = performance.now()
    await ask(proxy.url, 'x'.repeat(300_000))
    expect(performance.now() - before).toBeGreaterThan(280)
  })
})

describe('failNext', () => {
  it('answers matching requests itself, as often as told', async () => {
    await using proxy = await FaultProxy.start({ port, http: true })
    const before = served
    proxy.failNext(503, 2, { method: 'PUT', path: /partNumber=/ })
    expect(await ask(`${proxy.url}/k?partNumber=1`, 'body')).toMatchObject({
      status: 503,
      text: expect.stringContaining('<Code>SlowDown</Code>'),
    })
    expect((await ask(`${proxy.url}/k?partNumber=1`)).status).toBe(200)
    expect((await ask(`${proxy.url}/k`, 'body')).status).toBe(200)
    expect((await ask(`${proxy.url}/k?partNumber=2`, 'body')).status).toBe(503)
    expect((await ask(`${proxy.url}/k?partNumber=2`, 'body')).status).toBe(200)
    expect(served - before).toBe(3)
  })

  it('needs a proxy that understands HTTP', async () => {
    await using proxy = await FaultProxy.start({ port })
    expect(() => proxy.failNext(500, 1)).toThrow('http: true')
  })
})
