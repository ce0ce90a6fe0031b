import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../lab/ports.ts'
import { NOBODY } from '../../lab/postgres-server.ts'
import { type Connection, parseConnectionUrl } from '../../src/core/pg/connection.ts'
import { openSession } from '../../src/postgres/session/session.ts'

/**
 * A server for a test that needs settings which the lab's does not have. Every client on loopback is trusted.
 */
export interface OwnServer extends AsyncDisposable {
  readonly connection: Connection
  readonly port: number
  readonly data: string
}

type Settings = Readonly<Record<string, string>>

/** The server refuses to run as root. */
const OWNER = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

export async function startOwnServer(binDir: string, settings: Settings = {}): Promise<OwnServer> {
  const data = newDataDirectory()
  run(binDir, 'initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--no-instructions'])
  return await start(binDir, data, settings)
}

/** A copy of the primary that follows it by streaming. */
export async function startStandby(binDir: string, primary: OwnServer): Promise<OwnServer> {
  const data = newDataDirectory()
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres']
  run(binDir, 'pg_basebackup', [...from, '-D', data, '-R', '-X', 'stream', '--checkpoint=fast', '--no-sync'])
  return await start(binDir, data, {})
}

async function start(binDir: string, data: string, settings: Settings): Promise<OwnServer> {
  const port = await freePort()
  const all = {
    ...settings,
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
  }
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(join(binDir, 'postgres'), ['-D', data, ...args], {
    ...OWNER,
    cwd: data,
    stdio: 'ignore',
  })
  // Any is trusted; one that is part of a word would be masked in every log.
  const password = randomBytes(12).toString('hex')
  const connection = parseConnectionUrl(
    `postgresql://postgres:${password}@127.0.0.1:${port}/postgres?sslmode=disable`,
  )
  const stop = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGQUIT')
      await once(server, 'exit')
    }
    await rm(dirname(data), { recursive: true, force: true })
  }
  for (let attempt = 0; ; attempt += 1) {
    try {
      await using _session = await openSession(connection)
      break
    } catch (error) {
      if (attempt < 300 && server.exitCode === null) await sleep(100)
      else {
        await stop()
        throw error
      }
    }
  }
  return { connection, port, data, [Symbol.asyncDispose]: stop }
}

function newDataDirectory(): string {
  const parent = mkdtempSync(join(tmpdir(), 'pg-runbook-test-'))
  chmodSync(parent, 0o711)
  const data = join(parent, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (OWNER.uid !== undefined) chownSync(data, OWNER.uid, OWNER.gid)
  return data
}

function run(binDir: string, tool: string, args: readonly string[]): void {
  execFileSync(join(binDir, tool), [...args], { ...OWNER, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
}
