/**
 * Measures which server settings pay for a restore into a server that has nothing to lose: `pg_restore -j2`
 * of the logi bench database into a fresh cluster, for settings added one after the other and for one-off
 * changes to all of them. `node scripts/bench/restore-settings.ts [--kind logi] [--size 1GiB] [--jobs 2]
 * [--rounds 2] [--only text]`. The better of the rounds counts: noise only adds. The server's CPU time tells
 * more than the wall on a machine that others use.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { command } from '../../lab/command.ts'
import { userId } from '../../lab/directory.ts'
import { labKeep } from '../../lab/lab.ts'
import { freePort } from '../../lab/ports.ts'
import { NOBODY } from '../../lab/postgres-server.ts'
import { waitUntil } from '../../lab/service.ts'
import { BENCH_KINDS, ensureBench, parseSize } from '../../test/data/bench.ts'
import { measure } from './measured-command.ts'

type Settings = Readonly<Record<string, string>>

interface Variant {
  readonly name: string
  readonly settings: Settings
  readonly initdb?: readonly string[]
}

interface Result {
  seconds: number
  cpuSeconds: number
  walMib: number
}

const NO_FLUSH: Settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }
const MINIMAL: Settings = { ...NO_FLUSH, wal_level: 'minimal', max_wal_senders: '0' }
const FEW_CHECKPOINTS: Settings = { ...MINIMAL, max_wal_size: '16GB', checkpoint_timeout: '1h' }
const BASE: Settings = { ...FEW_CHECKPOINTS, shared_buffers: '512MB' }

const VARIANTS: readonly Variant[] = [
  { name: 'initdb defaults', settings: {} },
  { name: '+ fsync, full_page_writes, synchronous_commit off', settings: NO_FLUSH },
  { name: '+ wal_level=minimal, max_wal_senders=0', settings: MINIMAL },
  { name: '+ max_wal_size=16GB, checkpoint_timeout=1h', settings: FEW_CHECKPOINTS },
  { name: '+ shared_buffers=512MB (the base of what follows)', settings: BASE },
  ...['1GB', '2GB'].map(size => one('shared_buffers', size)),
  ...['128MB', '256MB', '1GB'].map(size => one('maintenance_work_mem', size)),
  one('autovacuum', 'off'),
  one('max_parallel_maintenance_workers', '0'),
  one('wal_compression', 'lz4'),
  one('io_method', 'sync'),
  one('jit', 'off'),
  one('dynamic_shared_memory_type', 'mmap'),
  { name: 'base, initdb --no-data-checksums', settings: BASE, initdb: ['--no-data-checksums'] },
]

function one(name: string, value: string): Variant {
  return { name: `base, ${name}=${value}`, settings: { ...BASE, [name]: value } }
}

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'logi' },
    size: { type: 'string', default: '1GiB' },
    jobs: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
  },
})

const lab = await labKeep()
const { binDir } = lab.postgres
const directory = await mkdtemp(join(tmpdir(), 'pg-runbook-restore-'))
try {
  await compare(await dumpArchive(join(directory, 'archive.dump')))
} finally {
  await rm(directory, { recursive: true, force: true })
}

async function compare(archive: string): Promise<void> {
  const variants = VARIANTS.filter(({ name }) => name.includes(values.only))
  const results = new Map<string, Result[]>(variants.map(({ name }) => [name, []]))
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const variant of variants) {
      const result = await restoreWith(variant, archive)
      results.get(variant.name)?.push(result)
      console.error(`round ${round}, ${variant.name}: ${JSON.stringify(result)}`)
    }
  }
  console.log(renderTable(results))
}

async function dumpArchive(archive: string): Promise<string> {
  const kind = BENCH_KINDS.find(candidate => candidate === values.kind)
  if (kind === undefined) throw new RangeError(`--kind has to be one of ${BENCH_KINDS.join(', ')}`)
  const database = await ensureBench(lab, kind, parseSize(values.size))
  const line = ['pg_dump', '--format=custom', '--compress=zstd:1', '--file', archive, database]
  const { host, port, user, password } = lab.postgres
  await command([join(binDir, line[0] ?? ''), ...line.slice(1)], {
    env: clientEnvironment(host, port, user, password),
  })
  return archive
}

/** A new cluster for every measurement: nothing is cached, vacuumed or written by the one before. */
async function restoreWith({ settings, initdb = [] }: Variant, archive: string): Promise<Result> {
  const cluster = join(directory, 'cluster')
  await mkdir(cluster, { mode: 0o700 })
  const identity = userId() === 0 ? { uid: NOBODY } : {}
  if (identity.uid !== undefined) {
    await chown(cluster, NOBODY, NOBODY)
    await command(['chmod', '711', directory])
  }
  await writeFile(join(directory, 'password'), 'bench', { mode: 0o644 })
  const options = [
    '-D',
    cluster,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    '--pwfile',
    join(directory, 'password'),
  ]
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  await command([join(binDir, 'initdb'), ...options, ...locale, '--no-sync', ...initdb], identity)
  const port = await freePort()
  const fixed = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '' }
  const flags = Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const server = spawn(join(binDir, 'postgres'), ['-D', cluster, ...flags], {
    stdio: 'ignore',
    cwd: directory,
    ...(identity.uid === undefined ? {} : { uid: NOBODY, gid: NOBODY }),
  })
  try {
    await waitUntil(() => isReady(port), [], 30_000)
    return await measureRestore(server, port, archive)
  } finally {
    const ended = once(server, 'exit')
    server.kill('SIGQUIT')
    await ended
    await rm(cluster, { recursive: true, force: true })
  }
}

function isReady(port: number): Promise<boolean> {
  const env = clientEnvironment('127.0.0.1', port, 'postgres', 'bench')
  return command([join(binDir, 'psql'), '-XAtc', 'SELECT 1', 'postgres'], { env }).then(
    () => true,
    () => false,
  )
}

async function measureRestore(server: ChildProcess, port: number, archive: string): Promise<Result> {
  const env = clientEnvironment('127.0.0.1', port, 'postgres', 'bench')
  const tool = (name: string) => `'${join(binDir, name)}'`
  await measure(`${tool('createdb')} -T template0 restored`, env)
  const wal = () =>
    command([join(binDir, 'psql'), '-XAtc', "SELECT pg_current_wal_lsn() - pg_lsn '0/0'", 'restored'], {
      env,
    })
  const before = { cpu: await cpuSeconds(server), wal: Number(await wal()) }
  const { seconds } = await measure(
    `${tool('pg_restore')} --exit-on-error --no-owner --no-acl --no-statistics --jobs=${values.jobs} --dbname=restored '${archive}'`,
    env,
  )
  // Processes whose end the server has not seen yet are not in its account.
  await sleep(500)
  return {
    seconds,
    cpuSeconds: (await cpuSeconds(server)) - before.cpu,
    walMib: (Number(await wal()) - before.wal) / 2 ** 20,
  }
}

/**
 * Of the server and of all its processes that ended: those of the restore have. In /proc, 100 ticks are a
 * second.
 */
async function cpuSeconds({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
}

function clientEnvironment(
  host: string,
  port: number,
  user: string,
  password: string,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
  }
}

function renderTable(results: ReadonlyMap<string, readonly Result[]>): string {
  const best = (all: readonly Result[], of: keyof Result) =>
    Math.min(...all.map(result => result[of])).toFixed(1)
  const rows = [...results].map(([name, all]) => {
    const seconds = all.map(result => result.seconds.toFixed(1)).join(', ')
    return `| ${name} | ${seconds} | ${best(all, 'cpuSeconds')} | ${Number(best(all, 'walMib')).toFixed(0)} |`
  })
  const title = `pg_restore -j${values.jobs} of ${values.kind}, ${values.size}`
  return [
    '',
    title,
    '',
    '| server settings | seconds | CPU s of the server, best | WAL MiB |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}
