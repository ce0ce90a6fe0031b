import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** A process as /proc shows it at one moment. */
export interface SeenProcess {
  readonly pid: number
  /** The program's file name, also when it was started through a dynamic loader. */
  readonly program: string
  readonly args: readonly string[]
  readonly rssBytes: number
  /** User and system time so far, without its children's. */
  readonly cpuSeconds: number
}

/** A process with all its descendants; empty when it is gone. */
export function processTree(pid: number): readonly SeenProcess[] {
  const seen = readProcess(pid)
  return seen === undefined ? [] : [seen, ...childrenOf(pid).flatMap(processTree)]
}

/**
 * Every process whose environment has this setting, wherever its parents went: how the runner finds
 * leftovers.
 */
export function processesWith(setting: string): readonly SeenProcess[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids.flatMap(pid => {
    const environment = readProc(Number(pid), 'environ').split('\0')
    const seen = environment.includes(setting) ? readProcess(Number(pid)) : undefined
    return seen === undefined ? [] : [seen]
  })
}

function childrenOf(pid: number): readonly number[] {
  const pids = readProc(pid, `task/${pid}/children`).trim()
  return pids === '' ? [] : pids.split(' ').map(Number)
}

/** Undefined for a process that is gone, or dead and not yet reaped. */
function readProcess(pid: number): SeenProcess | undefined {
  const status = readProc(pid, 'status')
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]
  if (rss === undefined) return undefined
  const args = readProc(pid, 'cmdline').split('\0').slice(0, -1)
  const cpuSeconds = readCpuSeconds(pid)
  return { pid, program: programOf(args), args, rssBytes: Number(rss) * 1024, cpuSeconds }
}

/** Clock ticks a second of /proc: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100

function readCpuSeconds(pid: number): number {
  const fields = readProc(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** `ld-linux-x86-64.so.2 --argv0 /x/bin/pg_dump …` is pg_dump; so is `/bin/sh /x/bin/pg_dump …`. */
function programOf(args: readonly string[]): string {
  const argv0 = args.indexOf('--argv0')
  if (argv0 >= 0) return basename(args[argv0 + 1] ?? '')
  const [first = '', second = ''] = args
  return basename(/^(\/bin\/)?sh$/.test(first) && second.startsWith('/') ? second : first)
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
