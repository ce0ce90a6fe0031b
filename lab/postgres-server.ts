import { randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCertificate } from './certificate.ts'
import { command } from './command.ts'
import { userId } from './directory.ts'
import { answers, freePort } from './ports.ts'
import { type ServiceContext, type ServiceFacts, waitUntil } from './service.ts'

/** The user `nobody` of every Linux: the server refuses to run as root, and so does the pooler. */
export const NOBODY = 65534

export interface PostgresFacts extends ServiceFacts {
  readonly password: string
  /** The certificate authority of the server's certificate, which is valid for localhost and 127.0.0.1. */
  readonly caFile: string
}

/** Speed before durability: a lab that loses power starts from nothing anyway. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // No socket in the file system: its path may be at most 107 bytes long.
  unix_socket_directories: '',
  ssl: 'on',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  shared_buffers: '256MB',
  maintenance_work_mem: '256MB',
  max_connections: '100',
  // A dump of 20,000 tables locks each of them twice.
  max_locks_per_transaction: '512',
  log_line_prefix: '%m [%p] %q%u@%d ',
} as const

/** Starts a fresh server with the superuser `postgres`; as root, it runs as `nobody`. */
export async function startPostgres(context: ServiceContext, binDir: string): Promise<PostgresFacts> {
  const data = join(context.directory, 'data')
  const identity = userId() === 0 ? { uid: NOBODY } : {}
  const password = randomBytes(16).toString('hex')
  await mkdir(data, { mode: 0o700 })
  const passwordFile = join(context.directory, 'password')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  if (identity.uid !== undefined)
    await Promise.all([data, passwordFile].map(path => chown(path, NOBODY, NOBODY)))
  await command([join(binDir, 'initdb'), '-D', data, '--pwfile', passwordFile, ...INITDB], {
    ...identity,
    cwd: context.directory,
  })
  const caFile = await makeCertificate(context.directory, data, identity.uid)
  const port = await freePort()
  const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const server = await context.daemon('postgres', [join(binDir, 'postgres'), '-D', data, ...settings], {
    ...identity,
    // An immediate shutdown: unlike SIGKILL, it gives the shared memory back.
    stopSignal: 'SIGQUIT',
  })
  await waitUntil(() => answers(port), [server], 30_000)
  return { port, password, caFile }
}

const INITDB = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--locale=C.UTF-8',
  '--no-sync',
  '--no-instructions',
] as const
