import { access, mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { MIB } from '../../../../src/core/text/bytes.ts'
import {
  type AptRequest,
  installFromApt,
  isFresh,
} from '../../../../src/postgres/install/apt/apt-installation.ts'
import { givenOrigin } from '../../../../src/postgres/install/apt/apt-origin.ts'
import { parseAptSource } from '../../../../src/postgres/install/apt/apt-source.ts'
import type { InstallRequest } from '../../../../src/postgres/install/installation.ts'
import { CACHED_TOOL } from '../../../../src/postgres/install/tool-cache.ts'
import { Mirror } from '../../../support/install/mirror.ts'
import { runnerCache } from '../../../support/install/runner-cache.ts'
import { rememberingLog } from '../../../support/install/silent-log.ts'

const HOUR = 3_600_000
const NOW = Date.parse('2026-11-23T00:00:00Z')
const wish = (text: string, securityFloor: InstallRequest['securityFloor']): InstallRequest => ({
  version: text === '18' ? { major: 18 } : { major: 18, minor: Number(text.slice(3)) },
  components: ['client'],
  extensions: [],
  securityFloor,
})

describe('a cached entry', () => {
  test.each([
    { wanted: '18', has: 7, hours: 1, floor: 'warn', fresh: true },
    { wanted: '18', has: 7, hours: 24 * 7 - 1, floor: 'warn', fresh: true },
    { wanted: '18', has: 7, hours: 24 * 7, floor: 'warn', fresh: false },
    { wanted: '18', has: 7, hours: 1, floor: 'fail', fresh: true },
    { wanted: '18', has: 6, hours: 23, floor: 'warn', fresh: true },
    { wanted: '18', has: 6, hours: 24, floor: 'warn', fresh: false },
    { wanted: '18', has: 6, hours: 24 * 6, floor: 'off', fresh: true },
    { wanted: '18', has: 6, hours: 0, floor: 'fail', fresh: false },
    { wanted: '18', has: 7, hours: -1, floor: 'warn', fresh: false },
    { wanted: '18.6', has: 6, hours: 24 * 999, floor: 'warn', fresh: true },
    { wanted: '18.6', has: 6, hours: 24 * 999, floor: 'fail', fresh: true },
  ] as const)('$has, $hours h after it was confirmed, for $wanted with floor $floor: fresh $fresh', given => {
    const entry = { version: { major: 18, minor: given.has }, confirmedAt: NOW - given.hours * HOUR }
    expect(isFresh(entry, wish(given.wanted, given.floor), NOW)).toBe(given.fresh)
  })
})

describe('installing from a package source', () => {
  let base: string
  let mirror: Mirror
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'apt-installation-'))
    mirror = await Mirror.start()
  })
  afterAll(async () => {
    await rm(base, { recursive: true, force: true })
  })

  async function request(cacheName: string, changes: Partial<AptRequest> = {}): Promise<AptRequest> {
    return {
      wish: wish('18', 'warn'),
      origins: [givenOrigin(parseAptSource(mirror.oneLine), process.env)],
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

  it('is refused before anything is downloaded when the disk is too small', async () => {
    mirror.requests.length = 0
    const full = await request('full', { readFree: async () => 20 * MIB })
    await expect(installFromApt(full)).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/^The packages need \d\d(\.\d)? MiB in .*, and 20\.0 MiB are free$/),
    })
    expect(mirror.requests.filter(path => path.endsWith('.deb'))).toEqual([])
    expect(await readdir(join(base, 'full', CACHED_TOOL))).toEqual([])
    expect(await readdir(full.workDir)).toEqual([])
  })

  it('looks for a newer release after a week, and keeps the newest', async () => {
    const first = await installFromApt(await request('kept'))
    mirror.requests.length = 0
    const weekLater = await request('kept', { now: NOW + 8 * 24 * HOUR })
    expect(await installFromApt(weekLater)).toEqual({ ...first, cacheHit: true })
    expect(mirror.requests.filter(path => path.endsWith('InRelease'))).toHaveLength(1)
    expect(mirror.requests.filter(path => path.endsWith('.deb'))).toEqual([])
    mirror.requests.length = 0
    await installFromApt(await request('kept', { now: NOW + 8 * 24 * HOUR + 60_000 }))
    expect(mirror.requests).toEqual([])
  })

  it('makes an entry anew whose tools no longer run', async () => {
    const first = await installFromApt(await request('broken'))
    await truncate(join(first.binDir, '../programs/pg_restore'), 100)
    const log = rememberingLog()
    expect(await installFromApt(await request('broken', { log }))).toEqual({ ...first, cacheHit: false })
    expect(log.lines[0]).toMatch(/does not work and is not used: .*pg_restore --version ended with/)
  })

  it('installs the extensions that were asked for into the server', async () => {
    const server = {
      ...wish('18', 'warn'),
      components: ['client', 'server'],
      extensions: ['pgvector'],
    } as const
    const { binDir } = await installFromApt(await request('extended', { wish: server }))

    await access(join(binDir, '../../../../share/postgresql/18/extension/vector.control'))
    await access(join(binDir, '../lib/vector.so'))
  })

  it('names an extension that the source does not have', async () => {
    const server = {
      ...wish('18', 'warn'),
      components: ['client', 'server'],
      extensions: ['no_such'],
    } as const

    await expect(installFromApt(await request('unknown', { wish: server }))).rejects.toMatchObject({
      code: 'INSTALL_NOT_FOUND',
      message: expect.stringMatching(/has no package of the extension no_such for PostgreSQL 18/),
    })
  })

  it('does without the newest when the source is silent, and says so', async () => {
    const first = await installFromApt(await request('kept'))
    const log = rememberingLog()
    const later = await request('kept', { now: NOW + 99 * 24 * HOUR, log })
    await mirror[Symbol.asyncDispose]()
    expect(await installFromApt(later)).toEqual({ ...first, cacheHit: true })
    expect(log.lines.at(-1)).toMatch(
      /^warning: The package source could not be reached .* Using PostgreSQL 18\.\d+ from the tool cache, which was the newest on 2026-1\d-\d\d/,
    )
  })
})
