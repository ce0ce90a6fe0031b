import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AptRequest, installFromApt } from '../../../src/postgres/install/apt/apt-installation.ts'
import { type AptOrigin, listOrigins } from '../../../src/postgres/install/apt/apt-origin.ts'
import { inlineKey } from '../../../src/postgres/install/apt/apt-source.ts'
import { PGDG_KEY } from '../../../src/postgres/install/apt/pgdg-key.ts'
import { debianArchitecture } from '../../../src/postgres/install/apt/private-apt.ts'
import { ArchiveKey } from '../../support/install/archive-key.ts'
import { closedPort, Mirror, SUITE } from '../../support/install/mirror.ts'
import { runnerCache } from '../../support/install/runner-cache.ts'
import { rememberingLog } from '../../support/install/silent-log.ts'

const ARCHITECTURE = debianArchitecture(process.arch)
const NOW = Date.parse('2026-11-23T00:00:00Z')

/**
 * The PostgreSQL project's archive cannot be reached from everywhere that tests run. An archive of the same
 * shape stands in for it: PostgreSQL and its libpq only, signed by a key of its own, everything else from the
 * distribution.
 */
describe("an archive like the PostgreSQL project's", () => {
  const key = new ArchiveKey()
  let base: string
  let mirror: Mirror
  let distribution: string

  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'project-archive-'))
    mirror = await Mirror.start()
    const signedBy = /signed-by=(\S+)\]/.exec(mirror.oneLine)?.[1]
    distribution = `Types: deb\nURIs: ${mirror.url}\nSuites: ${SUITE}\nComponents: main\nSigned-By: ${signedBy}\n`
    const index = await mirror.read(`/dists/${SUITE}/main/binary-${ARCHITECTURE}/Packages.gz`)
    const stanzas = gunzipSync(index).toString().split('\n\n')
    const own = stanzas.filter(stanza => /^Package: (postgresql(-client)?-18|libpq5)$/m.test(stanza))
    publish('like-pgdg', own)
    const older = own.map(stanza => stanza.replaceAll(/^Version: 18\.\d+-/gm, 'Version: 18.0-'))
    publish('like-pgdg-old', older)
  })
  afterAll(async () => {
    await mirror[Symbol.asyncDispose]()
    await rm(base, { recursive: true, force: true })
  })

  function publish(suite: string, stanzas: readonly string[]): void {
    const packages = Buffer.from(`${stanzas.join('\n\n')}\n`)
    const name = `main/binary-${ARCHITECTURE}/Packages`
    const sha256 = createHash('sha256').update(packages).digest('hex')
    const head = `Origin: test\nSuite: ${suite}\nCodename: ${suite}\nDate: ${new Date().toUTCString()}\n`
    const facts = `Architectures: ${ARCHITECTURE}\nComponents: main\nSHA256:\n ${sha256} ${packages.length} ${name}\n`
    mirror.serve(`/dists/${suite}/InRelease`, Buffer.from(key.clearsign(head + facts)))
    mirror.serve(`/dists/${suite}/${name}`, packages)
  }

  const origin = (
    id: string,
    suite: string,
    signedBy = inlineKey(key.armoured),
    url = mirror.url,
  ): AptOrigin => ({
    id,
    name: `the archive ${id}`,
    readSource: async () =>
      `Types: deb\nURIs: ${url}\nSuites: ${suite}\nComponents: main\nSigned-By: ${signedBy}\n`,
    readBase: async () => distribution,
  })

  async function request(cacheName: string, changes: Partial<AptRequest>): Promise<AptRequest> {
    return {
      wish: { version: { major: 18 }, components: ['client'], extensions: [], securityFloor: 'warn' },
      origins: [],
      cache: runnerCache(join(base, cacheName)),
      workDir: await mkdtemp(join(base, 'work-')),
      variables: process.env,
      arch: process.arch,
      now: NOW,
      log: rememberingLog(),
      signal: new AbortController().signal,
      ...changes,
    }
  }

  it('gives the tools, by its own key, with libc and the rest from the distribution', async () => {
    const origins = [origin('project', 'like-pgdg')]
    const found = await installFromApt(await request('a', { origins }))
    expect(found).toMatchObject({
      version: { major: 18 },
      source: 'apt',
      origin: 'the archive project',
      cacheHit: false,
    })
    const [entry] = await runnerCache(join(base, 'a')).entries(process.arch)
    expect(entry?.packages).toContainEqual(expect.stringMatching(/^libc6=2\./))
  })

  it('gives way to the next where it is silent or lacks the release', async () => {
    const origins = [
      origin('silent', 'like-pgdg', undefined, `http://127.0.0.1:${await closedPort()}`),
      origin('older', 'like-pgdg-old'),
      origin('newer', 'like-pgdg'),
    ]
    const log = rememberingLog()
    const version = { major: 18, minor: await newestMinor() }
    const wish = { version, components: ['client'], extensions: [], securityFloor: 'warn' } as const
    expect(await installFromApt(await request('b', { origins, wish, log }))).toMatchObject({
      version,
      origin: 'the archive newer',
    })
    expect(log.lines.join('\n')).toMatch(
      /could not be reached[\s\S]*was not found in the archive older: it carries 18\.0[\s\S]*the archive newer: postgresql-client-18=/,
    )
  })

  it('does not give way where it is signed by somebody else', async () => {
    const origins = [origin('forged', 'like-pgdg', inlineKey(PGDG_KEY)), origin('good', 'like-pgdg')]
    await expect(installFromApt(await request('c', { origins }))).rejects.toMatchObject({
      code: 'INSTALL_UNTRUSTED',
      message: expect.stringContaining('NO_PUBKEY'),
    })
  })

  it('names everything that was tried when nothing could be had', async () => {
    const wish = {
      version: { major: 18, minor: 99 },
      components: ['client'],
      extensions: [],
      securityFloor: 'warn',
    } as const
    const origins = [origin('one', 'like-pgdg'), origin('two', 'like-pgdg-old')]
    await expect(installFromApt(await request('d', { origins, wish }))).rejects.toMatchObject({
      code: 'INSTALL_NOT_FOUND',
      message: expect.stringMatching(
        /^No package source gave PostgreSQL 18\.99:\n- .*in the archive one: it carries 18\.\d+\n- .*in the archive two: it carries 18\.0$/,
      ),
    })
  })

  it('is first, then its archive of old versions, then the distribution', async () => {
    const origins = await listOrigins(process.env)
    expect(origins.map(({ id }) => id.split('-').slice(0, -1).join('-'))).toEqual([
      'pgdg',
      'pgdg-archive',
      expect.stringMatching(/^(debian|ubuntu)$/),
    ])
    const [current, old] = await Promise.all(origins.map(({ readSource }) => readSource()))
    expect(current).toMatch(/^URIs: https:\/\/apt\.postgresql\.org\/pub\/repos\/apt\nSuites: \w+-pgdg\n/m)
    expect(old).toMatch(
      /^URIs: https:\/\/apt-archive\.postgresql\.org\/pub\/repos\/apt\nSuites: \w+-pgdg-archive\n/m,
    )
    for (const source of [current, old])
      expect(source).toContain(' -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n')
  })

  async function newestMinor(): Promise<number> {
    const [entry] = await runnerCache(join(base, 'a')).entries(process.arch)
    return entry?.version.minor ?? 0
  }
})
