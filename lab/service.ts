import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isRunning, type ProcessIdentity, stop } from './pid-file.ts'
import { answers } from './ports.ts'

/**
 * What a service tells its users. Plain JSON; every service listens on one main port of the loopback
 * interface.
 */
export interface ServiceFacts {
  readonly port: number
}

/** What is on disk about a service: its processes, as they start, and its facts once it is ready. */
export interface ServiceRecord<Facts extends ServiceFacts = ServiceFacts> {
  readonly processes: readonly ProcessIdentity[]
  readonly facts?: Facts
}

export interface Daemon {
  readonly name: string
  /** The text it wrote so far, and undefined while it runs. */
  readonly died: () => string | undefined
}

export interface DaemonOptions {
  /** Drops root: the user and group to run as. */
  readonly uid?: number
  /** SIGKILL unless said otherwise: the data of a service is disposable. */
  readonly stopSignal?: NodeJS.Signals
  readonly env?: Readonly<Record<string, string>>
}

export interface ServiceContext {
  /** An empty directory of this service alone. */
  readonly directory: string
  /** Starts a process that outlives this one; its output goes to <name>.log. */
  daemon(name: string, command: readonly string[], options?: DaemonOptions): Promise<Daemon>
}

/**
 * Makes sure that a service runs and returns its facts: takes the running one, or clears away what is left of
 * a broken one and starts it. On failure nothing keeps running. The caller holds the lock of the lab.
 */
export async function ensureService<Facts extends ServiceFacts>(
  directory: string,
  start: (context: ServiceContext) => Promise<Facts>,
): Promise<Facts> {
  const running = await readRunning<Facts>(directory)
  if (running !== undefined) return running
  await stopService(directory)
  await mkdir(directory, { recursive: true, mode: 0o711 })
  const processes: ProcessIdentity[] = []
  try {
    const facts = await start({ directory, daemon: (...args) => startDaemon(directory, processes, ...args) })
    writeRecord(directory, { processes, facts })
    return facts
  } catch (error) {
    await Promise.all(processes.map(stop))
    throw error
  }
}

/** The facts of a service whose processes all run and which accepts connections; undefined otherwise. */
export async function readRunning<Facts extends ServiceFacts>(directory: string): Promise<Facts | undefined> {
  const { processes, facts } = await readRecord<Facts>(directory)
  if (facts === undefined || !processes.every(isRunning)) return undefined
  return (await answers(facts.port)) ? facts : undefined
}

/** Ends the processes of a service and removes its directory. */
export async function stopService(directory: string): Promise<void> {
  const { processes } = await readRecord(directory)
  await Promise.all(processes.map(stop))
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
}

export async function readRecord<Facts extends ServiceFacts>(
  directory: string,
): Promise<ServiceRecord<Facts>> {
  try {
    return JSON.parse(await readFile(join(directory, 'service.json'), 'utf8'))
  } catch {
    return { processes: [] }
  }
}

/** Polls until `ready` answers true. Throws when a daemon ends, or with its log when the time is up. */
export async function waitUntil(
  ready: () => Promise<boolean>,
  daemons: readonly Daemon[],
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await ready())) {
    for (const { name, died } of daemons) {
      const output = died()
      if (output !== undefined) throw new Error(`${name} ended while it was starting:\n${output}`)
    }
    if (Date.now() > deadline) {
      throw new Error(`${daemons.map(d => d.name).join(' and ')} did not become ready in ${timeoutMs} ms`)
    }
    await sleep(25)
  }
}

async function startDaemon(
  directory: string,
  processes: ProcessIdentity[],
  name: string,
  command: readonly string[],
  options: DaemonOptions = {},
): Promise<Daemon> {
  const [file = '', ...args] = command
  const logFile = join(directory, `${name}.log`)
  const log = openSync(logFile, 'a', 0o600)
  const child = spawn(file, args, {
    cwd: directory,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', HOME: directory, ...options.env },
    detached: true,
    stdio: ['ignore', log, log],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  closeSync(log)
  await once(child, 'spawn')
  child.unref()
  const identity = identify(name, child.pid ?? 0, options.stopSignal ?? 'SIGKILL')
  processes.push(identity)
  writeRecord(directory, { processes })
  return { name, died: () => (isRunning(identity) ? undefined : tail(logFile)) }
}

/** Not interrupted by another daemon of the same service, so that no process is ever unknown. */
function writeRecord(directory: string, record: ServiceRecord): void {
  const path = join(directory, 'service.json')
  writeFileSync(`${path}.new`, JSON.stringify(record, undefined, 2), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-20).join('\n')
}
