import { opendir, readdir, readFile, readlink, realpath, rm, unlink } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

const STOP_TIMEOUT_MS = 5000

/**
 * The directory with a scratch server's data, which is ours to remove, and the server itself, once there is
 * one.
 */
export interface ClusterPlace {
  readonly directory: string
  readonly pid: number | null
}

/** The names of directories that a drill makes; no other is ever removed. */
export const CLUSTER_PREFIX = 'pg-runbook-'

/**
 * Stops a server whose starter was killed, and removes its files. Touches only processes that work in its
 * directory. Does nothing when all is gone.
 */
export async function stopLeftCluster({ pid, directory }: ClusterPlace): Promise<void> {
  if (!basename(directory).startsWith(CLUSTER_PREFIX)) throw new Error(`${directory} was not made by a drill`)
  if (pid !== null && (await isServerOf(pid, directory))) await quit(pid)
  await removeCluster(directory)
}

/**
 * Removes the directory of a server that has ended, with what may still work in it: backends that outlived
 * it, an initdb.
 */
export async function removeCluster(directory: string): Promise<void> {
  for (const pid of await processesIn(directory)) signal(pid, 'SIGKILL')
  await emptyTree(directory).catch(() => {})
  // A process that was killed may write one more file before it is gone.
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

/** Files whose removal is under way at a time. */
const REMOVED_AT_ONCE = 64

/**
 * Removes what is below a directory, a few files at a time: `rm` begins with all of them at once, and the
 * 100,000 files of 20,000 tables take 260 MB of memory then.
 */
async function emptyTree(directory: string): Promise<void> {
  let removals: Promise<void>[] = []
  for await (const entry of await opendir(directory)) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await emptyTree(path)
    else removals.push(unlink(path))
    if (removals.length < REMOVED_AT_ONCE) continue
    await Promise.all(removals)
    removals = []
  }
  await Promise.all(removals)
}

/**
 * Removes clusters below a directory whose servers are gone: a lost machine or a killed job ran no
 * clean-up, and each holds a copy of the data. Only directories that mkdtemp has named for us, in which a
 * server was started, and no process works any more.
 */
export async function sweepDeadClusters(parent: string): Promise<void> {
  // Elsewhere the system does not tell which processes work in a directory.
  if (process.platform !== 'linux') return
  const names = await readdir(parent).catch(() => [])
  for (const name of names.filter(name => MADE_BY_US.test(name))) {
    const directory = join(parent, name)
    const started = await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8').catch(() => '')
    if (started !== '' && (await processesIn(directory)).length === 0) await removeCluster(directory)
  }
}

const MADE_BY_US = new RegExp(`^${CLUSTER_PREFIX}[A-Za-z0-9]{6}$`)

/** SIGQUIT, an immediate shutdown: nothing has to be saved, and the server ends its backends itself. */
async function quit(pid: number): Promise<void> {
  signal(pid, 'SIGQUIT')
  const deadline = performance.now() + STOP_TIMEOUT_MS
  while (signal(pid, 0) && performance.now() < deadline) await sleep(50)
  signal(pid, 'SIGKILL')
}

/**
 * The process id may belong to another process by now. Without /proc, the server's own pid file has to
 * suffice.
 */
async function isServerOf(pid: number, directory: string): Promise<boolean> {
  const pids = await processesIn(directory)
  if (pids.length > 0) return pids.includes(pid)
  const file = await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8').catch(() => '')
  return process.platform !== 'linux' && file.split('\n')[0] === String(pid)
}

/** Processes whose working directory is this one or below it; none where the system does not tell. */
async function processesIn(directory: string): Promise<readonly number[]> {
  const root = await realpath(directory).catch(() => directory)
  const entries = await readdir('/proc').catch(() => [])
  const found = await Promise.all(
    entries
      .filter(name => /^\d+$/.test(name))
      .map(async pid => {
        const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
        return cwd === root || cwd.startsWith(root + sep) ? [Number(pid)] : []
      }),
  )
  return found.flat()
}

/** False when there is no such process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
