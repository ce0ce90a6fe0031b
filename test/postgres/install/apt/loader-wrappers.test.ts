import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpackPackages } from '../../../../lab/apt-root.ts'
import { BIN_PATH, wrapTools } from '../../../../src/postgres/install/apt/loader-wrappers.ts'
import { readMachineSource } from '../../../../src/postgres/install/apt/machine-source.ts'
import { keepPostgres } from '../../../../src/postgres/install/apt/postgres-packages.ts'
import { SUITE } from '../../../support/install/mirror.ts'
import { silentLog } from '../../../support/install/silent-log.ts'

const run = promisify(execFile)

/** The server refuses to run as root, so it runs as `nobody`. */
const OTHER_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

describe('tools in a private root', () => {
  let base: string
  let root: string
  const bin = (name: string) => join(root, BIN_PATH, name)

  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'private root '))
    await chmod(base, 0o755)
    const made = join(base, 'made here')
    await unpackPackages({
      root: made,
      source: await readMachineSource(SUITE, process.env),
      packages: ['postgresql-18', 'postgresql-client-18'],
      keep: keepPostgres,
      env: process.env,
      log: silentLog,
    })
    await wrapTools(made)
    // What the tool cache does: the root has to work at another place than where it was made.
    root = join(base, 'moved there')
    await rename(made, root)
  })
  afterAll(() => rm(base, { recursive: true, force: true }))

  it('run, all of them, and know their version', async () => {
    for (const name of await readdir(join(root, BIN_PATH))) {
      const { stdout } = await run(bin(name), ['--version'])
      expect(stdout, name).toMatch(/PostgreSQL\)? 18\.\d+/)
    }
  })

  it('run through a link, from the PATH, and by a relative path', async () => {
    const link = join(base, 'link')
    await symlink(bin('pg_config'), link)
    const sharedir = `${join(root, 'usr/share/postgresql/18')}\n`
    expect((await run(link, ['--sharedir'])).stdout).toBe(sharedir)
    const env = { PATH: `${join(root, BIN_PATH)}:${process.env.PATH}` }
    expect((await run('pg_config', ['--sharedir'], { env })).stdout).toBe(sharedir)
    expect((await run('./pg_config', ['--sharedir'], { cwd: join(root, BIN_PATH) })).stdout).toBe(sharedir)
  })

  it('pass arguments on as they are', async () => {
    const failure = run(bin('psql'), ['--host=/non existent', '--dbname=a "b" $c *'])
    await expect(failure).rejects.toThrow(
      'connection to server on socket "/non existent/.s.PGSQL.5432" failed',
    )
  })

  it('take every library from the root, none from the machine', async () => {
    const programs = join(root, 'usr/lib/postgresql/18/programs')
    const [, loader = '', libraries = ''] =
      /exec "\$usr\/(\S+)" .* --library-path "\$usr\/(\S+)"/.exec(await readFile(bin('psql'), 'utf8')) ?? []
    const modules = join(root, 'usr/lib/postgresql/18/lib')
    const files = [
      ...(await readdir(programs)).map(name => join(programs, name)),
      ...(await readdir(modules)).filter(name => name.endsWith('.so')).map(name => join(modules, name)),
    ]
    const foreign = new Set<string>()
    for (const file of files) {
      const args = ['--library-path', join(root, 'usr', libraries), '--list', file]
      const { stdout } = await run(join(root, 'usr', loader), args)
      for (const line of stdout.split('\n')) {
        if (/linux-vdso|ld-linux|statically linked/.test(line) || line.trim() === '') continue
        if (!line.includes(`=> ${root}`)) foreign.add(`${file.split('/').at(-1)}: ${line.trim()}`)
      }
    }
    expect(files.length).toBeGreaterThan(60)
    expect([...foreign]).toEqual([])
  })

  it('serve, dump with zstd, and restore', async () => {
    const home = join(base, 'home')
    await mkdir(home)
    if (OTHER_USER.uid !== undefined) await chown(home, OTHER_USER.uid, OTHER_USER.gid)
    const env = {
      PATH: process.env.PATH,
      LC_ALL: 'C',
      PGHOST: home,
      PGUSER: 'postgres',
      PGDATABASE: 'postgres',
    }
    const options = { ...OTHER_USER, env, cwd: home }
    const pg = (name: string, ...args: string[]) => run(bin(name), args, options)
    const locale = ['--locale-provider=icu', '--icu-locale=en', '--locale=C.UTF-8', '--encoding=UTF8']
    await pg('initdb', '--pgdata=data', '--username=postgres', '--auth=trust', '--no-sync', ...locale)
    const settings = `-c listen_addresses='' -c unix_socket_directories='${home}' -c fsync=off`
    await pg('pg_ctl', 'start', '--wait', '--pgdata=data', '--log=log', `--options=${settings}`)
    try {
      await pg('psql', '--command', EXTENSIONS.map(name => `CREATE EXTENSION ${name};`).join(' '))
      await pg(
        'psql',
        '--command',
        'CREATE TABLE t AS SELECT n, md5(n::text) FROM generate_series(1, 1000) n',
      )
      await pg('pg_dump', '--format=custom', '--compress=zstd', '--file=t.dump')
      await pg('psql', '--command', 'CREATE DATABASE restored')
      await pg('pg_restore', '--exit-on-error', '--dbname=restored', 't.dump')
      const sum = ['--no-psqlrc', '-At', '--command', 'SELECT count(*), sum(hashtext(md5)) FROM t']
      const [before, after] = [await pg('psql', ...sum), await pg('psql', '--dbname=restored', ...sum)]
      expect(after.stdout).toBe(before.stdout)
      expect(after.stdout).toMatch(/^1000\|/)
    } finally {
      await pg('pg_ctl', 'stop', '--mode=immediate', '--pgdata=data')
    }
  })
})

/** Those that a hosted Postgres usually has and that come with the server's package. */
const EXTENSIONS = [
  'amcheck',
  'btree_gin',
  'btree_gist',
  'citext',
  'hstore',
  'pg_stat_statements',
  'pg_trgm',
  'pgcrypto',
  'unaccent',
  '"uuid-ossp"',
  'xml2',
]
