import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Check } from '../../core/check.ts'
import { type Connection, connectionUrl } from '../../core/connection.ts'
import { renderDuration } from '../../core/duration.ts'
import type { Log } from '../../core/log.ts'

/** Between SIGTERM and SIGKILL; a cancelled job has 7.5 s for all its clean-up. */
const KILL_GRACE_MS = 2000
/** Node's timers fire at once when they are set for longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** For the last output of a command that has ended. */
const OUTPUT_GRACE_MS = 500

export interface SmokeOptions {
  readonly command: string
  readonly timeoutMs: number
  readonly database: Connection
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * Runs the operator's own command against the restored database (runbook §5: `rails runner`) and makes its exit code a
 * check. DATABASE_URL is in its environment only. What it starts in the background ends with it.
 */
export async function runSmokeCommand(options: SmokeOptions): Promise<Check> {
  const { command, timeoutMs, log } = options
  const found = await log.group(`Smoke command: ${command}`, () => run(options))
  return {
    group: 'smoke',
    name: 'smoke command',
    verdict: found === 'exit code 0' ? 'pass' : 'fail',
    expected: `exit code 0 within ${renderDuration(timeoutMs)}`,
    found,
    note: found === 'exit code 0' ? null : 'Its output is in the log of this step.',
  }
}

/** `exit code 0`, `signal SIGTERM`, why it did not start, or that it took too long. */
async function run({
  command,
  timeoutMs,
  database,
  variables,
  signal: stopped,
  log,
}: SmokeOptions): Promise<string> {
  stopped.throwIfAborted()
  const env = { ...visible(variables), DATABASE_URL: connectionUrl(database).reveal() }
  // A process group of its own, so that what the shell starts ends with it.
  const child = spawn('/bin/sh', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on('line', line => log.info(line))
  const closed = new Promise(resolve => child.once('close', resolve))
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    // Not its close: that waits for whatever the command left in the background with its output.
    child.once('exit', (exitCode, name) =>
      resolve(exitCode === null ? `signal ${name}` : `exit code ${exitCode}`),
    )
  })
  const stop = new AbortController()
  const late = sleep(
    Math.min(timeoutMs, LONGEST_TIMER_MS),
    `still running after ${renderDuration(timeoutMs)}`,
    {
      signal: AbortSignal.any([stopped, stop.signal]),
    },
  ).catch(() => '')
  const found = await Promise.race([ended, late])
  stop.abort()
  if (child.exitCode === null && child.signalCode === null) await endGroup(child, ended)
  await endRest(child, closed, `DATABASE_URL=${env.DATABASE_URL}`)
  stopped.throwIfAborted()
  return found
}

async function endGroup(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  signalGroup(child, 'SIGTERM')
  await Promise.race([ended, sleep(KILL_GRACE_MS)])
  signalGroup(child, 'SIGKILL')
  await ended
}

/** Takes the last output, then ends what the command left in the background. */
async function endRest(child: ChildProcess, closed: Promise<unknown>, setting: string): Promise<void> {
  await Promise.race([closed, sleep(OUTPUT_GRACE_MS)])
  signalGroup(child, 'SIGKILL')
  await endStrays(setting)
  await Promise.race([closed, sleep(OUTPUT_GRACE_MS)])
  for (const stream of [child.stdout, child.stderr]) stream?.destroy()
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) signal(-pid, name)
}

/** Ends what left the process group, by the URL that only this command was given. Does nothing where there is no /proc. */
async function endStrays(setting: string): Promise<void> {
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (environment.split('\0').includes(setting)) signal(Number(pid), 'SIGKILL')
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}

/**
 * What a `run:` step would see: neither the inputs of this step, which hold secrets, nor the job's tokens, nor the files by which this
 * step speaks to the runner. And no PG* variables: they mean another database, production perhaps.
 */
function visible(variables: SmokeOptions['variables']): Record<string, string | undefined> {
  const hidden = /^(INPUT_|STATE_|ACTIONS_|PG[A-Z]+$|GITHUB_(OUTPUT|STATE|ENV|PATH)$)/
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !hidden.test(name)))
}
