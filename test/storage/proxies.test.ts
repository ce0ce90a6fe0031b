import { describe, expect, it } from 'vitest'
import { pickProxyVariables, proxyVariableFor } from '../../src/net/proxies.ts'
import { createBucket } from '../support/bucket.ts'
import { theLab } from '../support/lab.ts'
import { startProxy } from '../support/proxy.ts'
import { openStore } from '../support/storage/test-store.ts'

const lab = theLab()

describe('a store behind a proxy', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])('is reached through %s', async name => {
    await using bucket = await createBucket(lab)
    await using proxy = await startProxy()
    const endpoint = `http://s3.inside.invalid:${new URL(lab.s3.endpoint).port}`
    using test = openStore(lab.s3, bucket.name, { endpoint, config: { proxies: { [name]: proxy.url } } })

    await test.store.putJson('a.json', '{}')

    expect(await test.store.getText('a.json')).toBe('{}')
    expect(proxy.seen).toEqual(['PUT s3.inside.invalid', 'GET s3.inside.invalid'])
  })

  it('is reached directly where NO_PROXY lists it', async () => {
    await using bucket = await createBucket(lab)
    await using proxy = await startProxy()
    const proxies = { HTTP_PROXY: proxy.url, NO_PROXY: new URL(lab.s3.endpoint).hostname }
    using test = openStore(lab.s3, bucket.name, { config: { proxies } })

    await test.store.putJson('a.json', '{}')

    expect(proxy.seen).toEqual([])
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

describe('a proxy that asks for credentials', () => {
  it.each([
    ['http', 'HTTP_PROXY'],
    ['https', 'HTTPS_PROXY'],
  ])(
    'is named for a store behind %s',
    async (protocol, name) => {
      await using proxy = await startProxy({ refuse: 407 })
      const endpoint = `${protocol}://s3.inside.invalid`
      using test = openStore(lab.s3, 'bucket', { endpoint, config: { proxies: { [name]: proxy.url } } })

      await expect(test.store.list('x/')).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        hint: expect.stringContaining(`the proxy in ${name} (${new URL(proxy.url).host})`),
      })
    },
    40_000,
  )
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
