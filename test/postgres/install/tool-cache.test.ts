import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { find } from '@actions/tool-cache'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EntryFacts } from '../../../src/postgres/install/cache-entry.ts'
import { CACHED_TOOL, ToolCache } from '../../../src/postgres/install/tool-cache.ts'
import { runnerCache } from '../../support/install/runner-cache.ts'

const NOW = Date.parse('2026-11-23T00:00:00Z')

const FACTS: EntryFacts = {
  version: { major: 18, minor: 6 },
  origin: 'debian-forky',
  components: ['client'],
  extensions: [],
  arch: 'x64',
  packages: ['libpq5=18.6-3'],
}

describe('ToolCache', () => {
  let toolCache: string
  let root: string
  let cache: ToolCache
  beforeEach(async () => {
    toolCache = await mkdtemp(join(tmpdir(), 'tool-cache-'))
    root = join(toolCache, CACHED_TOOL)
    cache = runnerCache(toolCache)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await rm(toolCache, { recursive: true, force: true })
  })

  const content = (text: string) => (directory: string) => writeFile(join(directory, 'tool'), text)

  it('finds nothing before anything was added', async () => {
    expect(await cache.entries('x64')).toEqual([])
  })

  it('finds what was added, newest version first', async () => {
    await cache.add(FACTS, NOW, content('6'))
    const newer = await cache.add({ ...FACTS, version: { major: 18, minor: 10 } }, NOW, content('10'))
    const [first, second] = await ToolCache.ofRunner(toolCache).entries('x64')
    expect(first).toEqual(newer)
    expect(first?.directory).toBe(join(root, '18.10.0-debian-forky-client', 'x64'))
    expect(second).toEqual({
      ...FACTS,
      directory: join(root, '18.6.0-debian-forky-client', 'x64'),
      confirmedAt: NOW,
    })
    expect(await readFile(join(second?.directory ?? '', 'tool'), 'utf8')).toBe('6')
  })

  it('keeps components, origins and architectures apart', async () => {
    await cache.add(FACTS, NOW, content('a'))
    await cache.add({ ...FACTS, components: ['client', 'server'] }, NOW, content('b'))
    await cache.add({ ...FACTS, origin: 'pgdg-noble' }, NOW, content('c'))
    await cache.add({ ...FACTS, arch: 'arm64' }, NOW, content('d'))
    expect(await cache.entries('x64')).toHaveLength(3)
    expect(await cache.entries('arm64')).toHaveLength(1)
  })

  it('keeps entries where whoever uses @actions/tool-cache finds them', async () => {
    const entry = await cache.add(FACTS, NOW, content('a'))
    expect(find(CACHED_TOOL, '18.6.0-debian-forky-client', 'x64')).toBe(entry.directory)
    await cache.evict(entry.directory, NOW)
    expect(find(CACHED_TOOL, '18.6.0-debian-forky-client', 'x64')).toBe('')
  })

  it('makes nothing public that is for one job', async () => {
    const forThisJob = ToolCache.forThisJob(join(toolCache, 'apart'))
    const entry = await forThisJob.add(FACTS, NOW, content('a'))
    expect(await readFile(join(entry.directory, 'tool'), 'utf8')).toBe('a')
    expect(await forThisJob.entries('x64')).toEqual([])
    expect(await cache.entries('x64')).toEqual([])
  })

  it('completes an entry whose run was killed when only the mark was missing', async () => {
    const { directory } = await cache.add(FACTS, NOW, content('first'))
    await rm(`${directory}.complete`)
    expect(await cache.entries('x64')).toEqual([])
    await cache.add(FACTS, NOW, content('second'))
    const [entry] = await cache.entries('x64')
    expect(await readFile(join(entry?.directory ?? '', 'tool'), 'utf8')).toBe('first')
  })

  it('that cannot be written says so', async () => {
    await writeFile(root, 'a file')
    await expect(cache.add(FACTS, NOW, content('a'))).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringContaining(`The tool cache ${root} cannot be written`),
    })
  })

  it('remembers when an entry was confirmed', async () => {
    const entry = await cache.add(FACTS, NOW, content('a'))
    await cache.confirm(entry, NOW + 5)
    expect(await cache.entries('x64')).toEqual([{ ...entry, confirmedAt: NOW + 5 }])
  })

  it('never shows half an entry: neither while it is built, nor when building failed', async () => {
    const failure = cache.add(FACTS, NOW, async directory => {
      await content('half')(directory)
      expect(await cache.entries('x64')).toEqual([])
      throw new Error('no more')
    })
    await expect(failure).rejects.toThrow('no more')
    expect(await cache.entries('x64')).toEqual([])
    expect(await readdir(root)).toEqual([])
  })

  it.each([
    ['nothing', undefined],
    ['half a file of facts', '{"version": "18.6", "or'],
    ['facts of another make', '{"version": 18}'],
    ['an empty file', ''],
  ])('replaces a directory with %s by a complete entry', async (_what, facts) => {
    const directory = join(root, '18.6.0-debian-forky-client', 'x64')
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, 'tool'), 'broken')
    await writeFile(`${directory}.complete`, '')
    if (facts !== undefined) await writeFile(join(directory, 'pg-runbook.json'), facts)
    expect(await cache.entries('x64')).toEqual([])
    const entry = await cache.add(FACTS, NOW, content('whole'))
    expect(await readFile(join(entry.directory, 'tool'), 'utf8')).toBe('whole')
    expect(await readdir(root)).toEqual(['18.6.0-debian-forky-client'])
  })

  it('gives two that build the same at once the same whole entry', async () => {
    const { promise: bothStarted, resolve: release } = Promise.withResolvers<void>()
    let started = 0
    const build = (text: string) => async (directory: string) => {
      started += 1
      if (started === 2) release()
      await bothStarted
      await content(text)(directory)
    }
    const entries = await Promise.all([
      cache.add(FACTS, NOW, build('one')),
      ToolCache.ofRunner(toolCache).add(FACTS, NOW, build('two')),
    ])
    expect(entries[0]).toEqual(entries[1])
    expect(await cache.entries('x64')).toHaveLength(1)
    expect(['one', 'two']).toContain(await readFile(join(entries[0].directory, 'tool'), 'utf8'))
    expect(await readdir(root)).toEqual(['18.6.0-debian-forky-client'])
  })

  it('forgets an entry that was evicted', async () => {
    const entry = await cache.add(FACTS, NOW, content('a'))
    await cache.evict(entry.directory, NOW)
    await cache.evict(entry.directory, NOW)
    expect(await cache.entries('x64')).toEqual([])
  })

  it('keeps the files of an evicted entry for an hour: another job may run them', async () => {
    const entry = await cache.add(FACTS, NOW, content('a'))
    await cache.evict(entry.directory, NOW)
    const [aside = ''] = (await readdir(root)).filter(name => name.startsWith('.partial-'))
    expect(await readFile(join(root, aside, 'tool'), 'utf8')).toBe('a')
  })

  it.each([
    ['a program that the group can write', (entry: string) => chmod(join(entry, 'tool'), 0o775)],
    ['a program that everyone can write', (entry: string) => chmod(join(entry, 'tool'), 0o666)],
    ['a directory that everyone can write', (entry: string) => chmod(entry, 0o777)],
    ['a parent that everyone can write', (entry: string) => chmod(dirname(entry), 0o777)],
    ['the cache, which everyone can write', (entry: string) => chmod(dirname(dirname(entry)), 0o777)],
  ])('ignores an entry with %s', async (_, loosen) => {
    const entry = await cache.add(FACTS, NOW, content('a'))
    await loosen(entry.directory)
    expect(await cache.entries('x64')).toEqual([])
  })

  // Only root can give a file away.
  const asRoot = process.getuid?.() === 0
  if (asRoot)
    it('ignores an entry with a program of another user', async () => {
      const entry = await cache.add(FACTS, NOW, content('a'))
      await chown(join(entry.directory, 'tool'), 65534, 65534)
      expect(await cache.entries('x64')).toEqual([])
    })

  it('replaces an entry that another user could have changed', async () => {
    const entry = await cache.add(FACTS, NOW, content('a'))
    await chmod(join(entry.directory, 'tool'), 0o777)
    const again = await cache.add(FACTS, NOW, content('b'))
    expect(await readFile(join(again.directory, 'tool'), 'utf8')).toBe('b')
  })

  it('takes the right to write from the group, which a umask of 002 gives', async () => {
    const entry = await cache.add(FACTS, NOW, async directory => {
      await content('a')(directory)
      await chmod(join(directory, 'tool'), 0o775)
    })
    expect(await cache.entries('x64')).toEqual([entry])
  })

  it('removes what a killed run left an hour ago, and nothing younger', async () => {
    const [old, young] = [`.partial-${NOW - 3_700_000}-0`, `.partial-${NOW - 60_000}-1`]
    for (const name of [old, young]) {
      await mkdir(join(root, name), { recursive: true })
      // As tar leaves it: with the time of a package.
      await utimes(join(root, name), 1_700_000_000, 1_700_000_000)
    }
    await cache.add(FACTS, NOW, content('a'))
    expect(await readdir(root)).toEqual([young, '18.6.0-debian-forky-client'])
  })
})
