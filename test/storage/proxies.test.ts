import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { pickProxyVariables, proxyVariableFor } from '../../src/net/proxies.ts'
import { createBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'
import { openStore } from '../support/storage/test-store.ts'

const lab = theLab()

/** A proxy that knows where `s3.inside.invalid` is, and counts what it passes on. */
async function startProxy() {
  const { hostname, port } = new URL(lab.s3.endpoint)
  let requests = 0
  const server = createServer((incoming, response) => {
    requests += 1
    const { method, headers, url = '' } = incoming
    const { pathname, search } = new URL(url)
    const outgoing = request({ hostname, port, method, path: pathname + search, headers }, reply => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a store behind a proxy', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])('is reached through %s', async name => {
    await using bucket = await createBucket(lab)
    await using proxy = await startProxy()
    const endpoint = `http://s3.inside.invalid:${new URL(lab.s3.endpoint).port}`
    using test = openStore(lab.s3, bucket.name, { endpoint, config: { proxies: { [name]: proxy.url } } })

    await test.store.putJson('a.json', '{}')

    expect(await test.store.getText('a.json')).toBe('{}')
    expect(proxy.seen()).toBe(2)
  })

  it('is reached directly where NO_PROXY lists it', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await startProxy()
    const proxies = { HTTP_PROXY: proxy.url, NO_PROXY: new URL(lab.s3.endpoint).hostname }
    using test = openStore(lab.s3, bucket.name, { config: { proxies } })

    await test.store.putJson('a.json', '{}')

    expect(proxy.seen()).toBe(0)
  })

  it('names the proxy where it is not reached', async () => {
    const proxies = { HTTP_PROXY: 'http://127.0.0.1:9' }
    const endpoint = 'http://s3.inside.invalid'
    using test = openStore(lab.s3, 'bucket', { endpoint, config: { proxies } })
    await expect(test.store.list('x/')).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      hint: expect.stringContaining('the proxy in HTTP_PROXY'),
    })
  }, 40_000)
})

describe('the variables of proxies', () => {
  it('are absent where they are empty', () => {
    expect(pickProxyVariables({ HTTPS_PROXY: '', https_proxy: 'http://p:1', PATH: '/bin' })).toEqual({
      https_proxy: 'http://p:1',
    })
  })

  it('are named by protocol', () => {
    const variables = { HTTPS_PROXY: 'http://p:1' }
    expect(proxyVariableFor('https:', variables)).toBe('HTTPS_PROXY')
    expect(proxyVariableFor('http:', variables)).toBeUndefined()
  })
})
