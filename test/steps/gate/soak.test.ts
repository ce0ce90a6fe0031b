import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import type { Log } from '../../../src/core/log.ts'
import { type SoakReport, type SoakRequest, soak } from '../../../src/steps/gate/soak.ts'

const HEALTHY: RequestListener = (_, response) => response.end('ok')

describe('a soak', () => {
  it('passes where every probe is healthy, and watches for the whole time', async () => {
    await using service = await serve(HEALTHY)
    const began = performance.now()

    const report = await watch(service, { soakMs: 500, intervalMs: 200, probes: 2 })

    expect(performance.now() - began).toBeGreaterThan(490)
    expect(report).toMatchObject({ healthy: true })
    // At 0, 200, 400 and the end.
    expect(report.probes).toHaveLength(4)
    expect(report.probes[0]).toMatchObject({ healthy: true, status: 200, error: undefined })
    expect(report.verdict).toMatch(/^4 of 4 probes in 0\.\d s were healthy, 0 may fail\.$/)
    expect(service.lines).toHaveLength(4)
  })

  it('makes as many probes as were asked for, however short the soak', async () => {
    await using service = await serve(HEALTHY)

    expect((await watch(service, { soakMs: 0, intervalMs: 10, probes: 5 })).probes).toHaveLength(5)
  })

  it('forgives as many failures as allowed, and no more', async () => {
    const flapping = (): RequestListener => {
      let count = 0
      return (_, response) => {
        count += 1
        response.writeHead(count % 3 === 0 ? 503 : 200).end()
      }
    }
    const limits = { soakMs: 0, intervalMs: 10, probes: 8 }
    await using forgiven = await serve(flapping())
    await using counted = await serve(flapping())

    expect((await watch(forgiven, { ...limits, failuresAllowed: 2 })).healthy).toBe(true)
    const report = await watch(counted, { ...limits, failuresAllowed: 1 })
    expect(report.healthy).toBe(false)
    // It ends with the failure that is one too many.
    expect(report.probes).toHaveLength(6)
    expect(report.verdict).toContain('4 of 6 probes')
    expect(report.verdict).toContain('status 503; expected 200')
  })

  it('does not end on a failure: a service that dies in the last moment is not healthy', async () => {
    let count = 0
    await using service = await serve((_, response) => {
      count += 1
      response.writeHead(count >= 5 ? 500 : 200).end()
    })

    const report = await watch(service, { soakMs: 0, intervalMs: 10, probes: 5, failuresAllowed: 3 })

    expect(report.healthy).toBe(false)
    expect(report.probes).toHaveLength(8)
  })

  it('notices a service that is gone', async () => {
    const service = await serve((_, response) => {
      response.end('ok')
      setTimeout(() => service[Symbol.asyncDispose](), 20)
    })

    const report = await watch(service, { soakMs: 5000, intervalMs: 100, failuresAllowed: 1 })

    expect(report.healthy).toBe(false)
    expect(report.probes[0]?.healthy).toBe(true)
    expect(report.verdict).toContain('ECONNREFUSED')
  })

  it.each([
    ['never answers', () => {}],
    [
      'sends its answer byte by byte',
      (_, response) => {
        response.writeHead(200, { 'content-length': 1000 })
        const timer = setInterval(() => response.write('x'), 50)
        response.on('close', () => clearInterval(timer))
      },
    ],
  ] satisfies ReadonlyArray<[string, RequestListener]>)(
    'gives a service that %s its time and no more',
    async (_, handler) => {
      await using service = await serve(handler)
      const began = performance.now()

      const report = await watch(service, { timeoutMs: 300 })

      expect(performance.now() - began).toBeLessThan(1000)
      expect(report).toMatchObject({ healthy: false })
      expect(report.probes).toHaveLength(1)
      expect(report.probes[0]?.error).toBe('no complete answer within 0.3 s')
      expect(report.probes[0]?.durationMs).toBeGreaterThan(280)
    },
  )

  it('does not read an endless body to its end', async () => {
    await using service = await serve((_, response) => {
      const send = () => {
        while (response.write(Buffer.alloc(65_536)));
      }
      response.on('drain', send)
      send()
    })

    const report = await watch(service, { timeoutMs: 5000 })

    expect(report.healthy).toBe(true)
    expect(report.probes[0]?.durationMs).toBeLessThan(3000)
  })

  it('takes an answer that breaks off for a failure', async () => {
    await using service = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('half', () => response.destroy())
    })

    expect((await watch(service)).healthy).toBe(false)
  })

  it('does not follow a redirect, and says where it leads but not with which token', async () => {
    const elsewhere: RequestListener = (_, response) =>
      response.writeHead(302, { location: 'https://login.example/?token=geheim' }).end()
    await using service = await serve(elsewhere)

    const report = await watch(service)

    expect(report).toMatchObject({ healthy: false })
    expect(report.verdict).toContain(
      'status 302, a redirect to login.example, which is not followed; expected 200',
    )
    expect(report.verdict).not.toContain('geheim')
    expect((await watch(service, { expectStatus: 302 })).healthy).toBe(true)
  })

  it('does not trust a certificate that nobody vouches for', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pg-runbook-test-'))
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')]
    const subject = ['-subj', '/CN=127.0.0.1', '-days', '2', '-nodes']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', ...subject, '-keyout', key, '-out', cert],
      {
        stdio: 'ignore',
      },
    )
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, HEALTHY)
    rmSync(directory, { recursive: true })
    await using service = await listen(server, 'https')

    const report = await watch(service)

    expect(report.healthy).toBe(false)
    expect(report.verdict).toMatch(/self-signed certificate/)
  })

  test.each(['http://user:geheim@127.0.0.1/', 'not a url'])('keeps %s out of what it says', async url => {
    await using service = await serve(HEALTHY)

    const report = await watch({ ...service, url }, {})

    expect(report.healthy).toBe(false)
    expect(report.verdict + service.lines.join()).not.toContain('geheim')
  })

  it('ends at once with the reason when it is aborted, also while a probe waits', async () => {
    await using service = await serve(() => {})
    const reason = new Error('cancelled')
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 100)
    const began = performance.now()

    await expect(watch(service, { timeoutMs: 20_000 }, controller.signal)).rejects.toBe(reason)
    expect(performance.now() - began).toBeLessThan(1000)
  })

  it('ends at once with the reason when it is aborted between two probes', async () => {
    await using service = await serve(HEALTHY)
    const reason = new Error('cancelled')
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 100)

    await expect(watch(service, { soakMs: 60_000, intervalMs: 30_000 }, controller.signal)).rejects.toBe(
      reason,
    )
  })
})

interface Service extends AsyncDisposable {
  readonly url: string
  readonly lines: string[]
}

async function serve(handler: RequestListener): Promise<Service> {
  return await listen(createServer(handler), 'http')
}

async function listen(server: Server, scheme: string): Promise<Service> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  // A server that listens has an address with a port.
  const { port } = server.address() as AddressInfo
  return {
    url: `${scheme}://127.0.0.1:${port}/health`,
    lines: [],
    async [Symbol.asyncDispose]() {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function watch(
  { url, lines }: Pick<Service, 'url' | 'lines'>,
  request: Partial<SoakRequest> = {},
  signal = new AbortController().signal,
): Promise<SoakReport> {
  const log: Log = {
    info: text => void lines.push(text),
    debug: () => {},
    warning: () => {},
    group: (_, work) => work(),
  }
  return await soak(
    {
      url,
      shownUrl: url,
      expectStatus: 200,
      soakMs: 0,
      probes: 1,
      failuresAllowed: 0,
      timeoutMs: 2000,
      intervalMs: 50,
      ...request,
    },
    { fetch, now: () => new Date(), log, signal },
  )
}
