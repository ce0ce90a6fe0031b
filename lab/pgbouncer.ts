import { chmod, chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGBOUNCER, unpacked } from './debian-packages.ts'
import { userId } from './directory.ts'
import { type Lab, type LabOptions, locked, open } from './lab.ts'
import { inRoot } from './loader.ts'
import { answers, freePort } from './ports.ts'
import { NOBODY } from './postgres-server.ts'
import { ensureService, type ServiceContext, type ServiceFacts, waitUntil } from './service.ts'

/** How server connections are shared, and how many there are for each database and user. */
export interface PoolerOptions extends LabOptions {
  readonly mode?: 'transaction' | 'session'
  readonly size?: number
}

/**
 * A pooler in front of the lab's Postgres; returns its port on 127.0.0.1. Any role of the server
 * can log in through it with its own password. It runs until the lab is stopped.
 */
export async function startPgBouncer(lab: Lab, options: PoolerOptions = {}): Promise<number> {
  const { mode = 'transaction', size = 20 } = options
  const opened = await open(options)
  const root = await unpacked(opened.packages, PGBOUNCER, opened.log)
  // The name holds the server's port: a pooler of an earlier server is of no use.
  const directory = join(opened.services, `pgbouncer-${mode}-${size}-${lab.postgres.port}`)
  const { port } = await locked(opened, () =>
    ensureService(directory, context => start(context, root, { mode, size, postgres: lab.postgres })),
  )
  return port
}

async function start(
  context: ServiceContext,
  root: string,
  pool: Omit<PoolerSettings, 'port' | 'users'>,
): Promise<ServiceFacts> {
  const { postgres } = pool
  const port = await freePort()
  const file = (name: string) => join(context.directory, name)
  await writeFile(file('users.txt'), `"${postgres.user}" "${postgres.password.replaceAll('"', '""')}"\n`)
  await writeFile(file('pgbouncer.ini'), render({ ...pool, port, users: file('users.txt') }))
  for (const name of ['users.txt', 'pgbouncer.ini']) {
    await chmod(file(name), 0o600)
    if (userId() === 0) await chown(file(name), NOBODY, NOBODY)
  }
  const pooler = await context.daemon('pgbouncer', inRoot(root, 'pgbouncer', [file('pgbouncer.ini')]), {
    ...(userId() === 0 ? { uid: NOBODY } : {}),
  })
  await waitUntil(() => answers(port), [pooler], 10_000)
  return { port }
}

interface PoolerSettings extends Pick<Lab, 'postgres'> {
  readonly port: number
  readonly users: string
  readonly mode: 'transaction' | 'session'
  readonly size: number
}

/** As hosted poolers are set: passwords looked up in the server. */
function render({ port, users, mode, size, postgres }: PoolerSettings): string {
  return `[databases]
* = host=${postgres.host} port=${postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
pool_mode = ${mode}
default_pool_size = ${size}
auth_type = scram-sha-256
auth_file = ${users}
auth_user = ${postgres.user}
auth_dbname = postgres
ignore_startup_parameters = extra_float_digits
`
}
