import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 100

/**
 * Holds the lock of a directory while `work` runs; others wait. The lock is a Linux abstract socket: the
 * kernel gives it back when its holder dies, however that happens, so it can never be stale.
 */
export async function withLock<T>(directory: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const name = `\0pg-runbook-lab-${createHash('sha256').update(directory).digest('hex').slice(0, 24)}`
  const server = await acquire(name, directory, Date.now() + timeoutMs)
  try {
    return await work()
  } finally {
    server.close()
  }
}

async function acquire(name: string, directory: string, deadline: number): Promise<Server> {
  for (;;) {
    const server = await listen(name)
    if (server !== undefined) return server
    if (Date.now() > deadline) throw new Error(`Another process holds the lock of the lab in ${directory}.`)
    await sleep(RETRY_MS)
  }
}

async function listen(path: string): Promise<Server | undefined> {
  const server = createServer(socket => socket.destroy())
  try {
    await once(server.listen({ path }), 'listening')
    return server
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  }
}
