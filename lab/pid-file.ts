import { readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that cannot be confused with a later one of the same number. */
export interface ProcessIdentity {
  readonly name: string
  readonly pid: number
  /** Start time in clock ticks since boot: field 22 of /proc/<pid>/stat. */
  readonly startTicks: string
  /** What ends it without leaving anything behind. */
  readonly stopSignal: NodeJS.Signals
}

export function identify(name: string, pid: number, stopSignal: NodeJS.Signals): ProcessIdentity {
  const status = readStatus(pid)
  if (status === undefined) throw new Error(`${name} (process ${pid}) ended as soon as it started`)
  return { name, pid, startTicks: status.startTicks, stopSignal }
}

/** False also for a process that ended and was not yet reaped. */
export function isRunning(identity: ProcessIdentity): boolean {
  const status = readStatus(identity.pid)
  return status !== undefined && status.startTicks === identity.startTicks && status.state !== 'Z'
}

/** Sends its stop signal, SIGKILL after five seconds, and returns when the process is gone. */
export async function stop(identity: ProcessIdentity): Promise<void> {
  const deadline = Date.now() + 5000
  let next: NodeJS.Signals | undefined = identity.stopSignal
  while (isRunning(identity)) {
    if (next !== undefined) process.kill(identity.pid, next)
    next = Date.now() > deadline ? 'SIGKILL' : undefined
    await sleep(20)
  }
}

function readStatus(pid: number): { state: string; startTicks: string } | undefined {
  try {
    // The second field is the program's name in brackets and may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' }
  } catch {
    return undefined
  }
}
