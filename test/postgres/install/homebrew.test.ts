import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installFromHomebrew } from '../../../src/postgres/install/homebrew.ts'
import type { InstallRequest } from '../../../src/postgres/install/installation.ts'
import { silentLog } from '../../support/install/silent-log.ts'

const WISH: InstallRequest = {
  version: { major: 18 },
  components: ['client'],
  extensions: [],
  securityFloor: 'warn',
}

/**
 * Homebrew cannot run here: programs that answer as brew and its keg do stand in for them, as real processes.
 */
describe('installFromHomebrew', () => {
  let root: string
  const install = (wish = WISH) =>
    installFromHomebrew(
      wish,
      { PATH: `${root}/bin:${process.env.PATH}`, HOMEBREW_CACHE: '/cache', SECRET: 'canary' },
      silentLog,
      new AbortController().signal,
    )
  const calls = async () => (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n')

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'homebrew-'))
    await program(
      'bin/brew',
      `echo "$*|$HOMEBREW_NO_AUTO_UPDATE|$HOMEBREW_CACHE|$SECRET" >> '${root}/calls'
case $1 in
--prefix) echo '${root}/keg' ;;
list) test -e '${root}/keg' ;;
install) test -e '${root}/recipe' || { echo 'Error: Failed to download resource "postgresql@18"' >&2; exit 1; }
  mv '${root}/recipe' '${root}/keg' ;;
esac`,
    )
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  async function program(place: string, script: string): Promise<void> {
    const file = join(root, place)
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, `#!/bin/sh\n${script}\n`)
    await chmod(file, 0o755)
  }

  async function keg(
    place: string,
    version: string,
    refusal = 'connection to server on socket',
  ): Promise<void> {
    for (const name of ['pg_dump', 'pg_restore', 'psql']) {
      const answer = `[ "$1" = --version ] && { echo '${name} (PostgreSQL) ${version}'; exit; }`
      await program(`${place}/bin/${name}`, `${answer}\necho '${refusal}' >&2; exit 1`)
    }
  }

  it('takes the keg that is there', async () => {
    await keg('keg', '18.7 (Homebrew)')
    expect(await install()).toEqual({
      version: { major: 18, minor: 7 },
      binDir: join(root, 'keg/bin'),
      source: 'homebrew',
      origin: "Homebrew's postgresql@18",
      cacheHit: false,
    })
    expect(await calls()).toEqual([
      '--prefix postgresql@18|1|/cache|',
      'list --versions postgresql@18|1|/cache|',
    ])
  })

  it('installs a missing formula, without updating Homebrew and without our secrets', async () => {
    await keg('recipe', '18.7')
    expect((await install()).version).toEqual({ major: 18, minor: 7 })
    expect((await calls()).at(-1)).toBe('install --formula postgresql@18|1|/cache|')
  })

  it('has one release only', async () => {
    await keg('keg', '18.7')
    await expect(install({ ...WISH, version: { major: 18, minor: 4 } })).rejects.toMatchObject({
      code: 'INSTALL_NOT_FOUND',
      message: 'Homebrew has postgresql@18 at 18.7, not at 18.4',
    })
  })

  it('says when the network is down', async () => {
    await expect(install()).rejects.toMatchObject({ code: 'INSTALL_UNREACHABLE' })
  })

  it('refuses tools that were built without zstd', async () => {
    await keg('keg', '18.7', 'pg_dump: error: this build does not support compression with zstd')
    await expect(install()).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringContaining(
        'pg_dump cannot make a zstd archive: pg_dump: error: this build does not',
      ),
    })
  })

  it('refuses tools of different versions', async () => {
    await keg('keg', '18.7')
    await program('keg/bin/psql', "echo 'psql (PostgreSQL) 16.2'")
    await expect(install()).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringContaining('different versions: pg_dump 18.7, pg_restore 18.7, psql 16.2'),
    })
  })

  it('refuses a server whose programs are missing', async () => {
    await keg('keg', '18.7')
    await expect(install({ ...WISH, components: ['client', 'server'] })).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringMatching(/keg\/bin\/(postgres|initdb|pg_ctl) cannot be run: .*ENOENT/),
    })
  })

  it('says when there is no Homebrew', async () => {
    await rm(join(root, 'bin/brew'))
    await expect(install()).rejects.toMatchObject({ code: 'UNSUPPORTED_PLATFORM' })
  })
})
