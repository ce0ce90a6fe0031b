import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { abortable } from '../core/abortable.ts'

/**
 * As GitHub runs a step with `shell: bash`: a failure anywhere in a pipeline or a script is a failure. With
 * `sh -c`, `no-such-tool | sort` would succeed. See "exit codes and error action preference" at
 * https://docs.github.com/actions/reference/workflow-syntax-for-github-actions
 */
const SHELL = ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c'] as const

/** Between SIGTERM and SIGKILL; a cancelled job has 7.5 s for all its clean-up. */
const KILL_GRACE_MS = 2000
/** For the last output of a command that has ended. */
const OUTPUT_GRACE_MS = 500

interface ShellCommand {
  readonly command: string
  /** The whole environment of the command: see visibleVariables. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly directory?: string
  /** Ends the command, and all that it started. */
  readonly signal: AbortSignal
  readonly onOutput: (line: string) => void
  readonly onError: (line: string) => void
}

interface CommandEnd {
  readonly isSuccess: boolean
  /** `exit code 0`, `signal SIGTERM`, or why it did not start. */
  readonly text: string
  /** False where a background process of it still held its output: there may be more of it. */
  readonly isOutputComplete: boolean
}

/**
 * Runs an operator's own command and ends everything that it started: its pipeline, and what it left in the
 * background. Throws the signal's reason once all that is gone.
 */
export async function runShellCommand(options: ShellCommand): Promise<CommandEnd> {
  const { command, directory, signal } = options
  signal.throwIfAborted()
  // Identifies the strays of this command: no other process has it.
  const mark = randomUUID()
  const [shell, ...args] = SHELL
  const child = spawn(shell, [...args, command], {
    env: { ...options.env, PG_RUNBOOK_COMMAND: mark },
    ...(directory !== undefined && { cwd: directory }),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that what the shell starts ends with it.
    detached: true,
  })
  createInterface({ input: child.stdout }).on('line', options.onOutput)
  createInterface({ input: child.stderr }).on('line', options.onError)
  const closed = new Promise<true>(resolve => child.once('close', () => resolve(true)))
  const ended = readEnd(child)
  const end = await abortable(signal, ended).catch(() => undefined)
  if (end === undefined) await endGroup(child, ended)
  const isOutputComplete = await endRest(child, closed, `PG_RUNBOOK_COMMAND=${mark}`)
  signal.throwIfAborted()
  return { ...(end ?? (await ended)), isOutputComplete }
}

/**
 * The environment of an operator's command: without the inputs of this step, the credentials of its buckets,
 * the tokens of the job and the files by which a step commands the runner. A command of the same user can
 * still read them in /proc.
 */
export function visibleVariables(
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const hidden =
    /^(INPUT_|STATE_|ACTIONS_|AWS_|\w+_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$|(GITHUB|GH)_(ENTERPRISE_)?TOKEN$|GITHUB_(OUTPUT|STATE|ENV|PATH|STEP_SUMMARY)$)/i
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !hidden.test(name)))
}

function readEnd(child: ChildProcess): Promise<Pick<CommandEnd, 'isSuccess' | 'text'>> {
  return new Promise(resolve => {
    child.once('error', error => resolve({ isSuccess: false, text: error.message }))
    // Not `close`: that waits for background processes that still hold the output.
    child.once('exit', (exitCode, name) =>
      resolve({
        isSuccess: exitCode === 0,
        text: exitCode === null ? `signal ${name}` : `exit code ${exitCode}`,
      }),
    )
  })
}

async function endGroup(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  signalGroup(child, 'SIGTERM')
  await Promise.race([ended, sleep(KILL_GRACE_MS)])
  signalGroup(child, 'SIGKILL')
  await ended
}

/** Takes the last output, then ends background processes. Returns whether the output ended by itself. */
async function endRest(child: ChildProcess, closed: Promise<true>, setting: string): Promise<boolean> {
  const isComplete = await Promise.race([closed, sleep(OUTPUT_GRACE_MS, false)])
  signalGroup(child, 'SIGKILL')
  await endStrays(setting)
  await Promise.race([closed, sleep(OUTPUT_GRACE_MS)])
  for (const stream of [child.stdout, child.stderr]) stream?.destroy()
  return isComplete
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined) signalProcess(-pid, name)
}

/** Ends what left the process group, found by the variable of this command. Needs /proc. */
async function endStrays(setting: string): Promise<void> {
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  for (const pid of pids) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (environment.split('\0').includes(setting)) signalProcess(Number(pid), 'SIGKILL')
  }
}

function signalProcess(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}
