import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseFileCommands } from './runner/file-commands.ts'
import {
  type ActionOptions,
  type CancelGraces,
  type FinishedPhase,
  type Job,
  prepareJob,
} from './runner/job.ts'
import { MemoryWatch } from './runner/memory.ts'
import type { Annotation } from './runner/output-reader.ts'
import { processesWith, processTree, type SeenProcess } from './runner/process-tree.ts'
import type { CommandFiles, Workplace } from './runner/workplace.ts'

export type { ActionOptions } from './runner/job.ts'

/** What a step left behind, as the runner sees it. */
export interface ActionRun extends FinishedPhase {
  readonly pid: number
  /** Null when a signal ended it. */
  readonly exitCode: number | null
  readonly endedBy: NodeJS.Signals | null
  readonly durationMs: number
  /** Step outputs. */
  readonly outputs: Readonly<Record<string, string>>
  /**
   * Names of the outputs that a job could not pass on: they contain something masked, so the runner drops
   * them.
   */
  readonly droppedOutputs: readonly string[]
  readonly state: Readonly<Record<string, string>>
  /** Everything that was ever written to GITHUB_STATE, what was replaced later too. */
  readonly savedState: string
  /** Variables for the following steps. */
  readonly env: Readonly<Record<string, string>>
  /** Directories put first on the PATH of the following steps. */
  readonly paths: readonly string[]
  /** The job summary, masked. */
  readonly summary: string
  readonly annotations: readonly Annotation[]
  /** Both streams as GitHub shows them: masked, commands carried out. */
  readonly log: string
  /** Every line as printed. */
  readonly rawLog: string
  /** Largest resident memory of the process tree without the Postgres programs, sampled every 50 ms. */
  readonly peakRssBytes: number
  /** CPU time of the action's own process, without its children's, sampled every 50 ms. */
  readonly cpuSeconds: number
  /** Processes that outlived the action, a moment after its end; they are killed then. */
  readonly leftProcesses: readonly SeenProcess[]
  /** Files it left in RUNNER_TEMP. */
  readonly leftFiles: readonly string[]
  readonly workplace: Workplace
  /** Everything that was masked. */
  readonly secrets: readonly string[]
}

/** An action that runs. */
export interface StartedAction {
  readonly pid: number
  readonly workplace: Workplace
  /** Resolves also when the action fails; rejects only where the runner itself would. */
  readonly finished: Promise<ActionRun>
  /** The masked log so far. */
  log(): string
  /** Resolves when the log matches; rejects when the action ends or the time is up without. */
  waitForLog(pattern: RegExp, timeoutMs?: number): Promise<void>
  /** The action and its descendants at this moment. */
  processes(): readonly SeenProcess[]
  /** To the action's process only, as the runner does. */
  signal(signal: NodeJS.Signals): void
  /** Cancels as the runner does: SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL for the whole tree. */
  cancel(): Promise<ActionRun>
}

/** Source: ProcessInvoker in actions/runner. */
export const RUNNER_GRACES: CancelGraces = { sigintMs: 7500, sigtermMs: 2500 }
/** How long the runner waits for the output of children that outlive the action. */
const ORPHAN_GRACE_MS = 5000

/** Runs one phase of an action to its end, as the GitHub runner does (actions/runner 2.336.0). */
export async function runAction(name: string, options: ActionOptions = {}): Promise<ActionRun> {
  return await startAction(name, options).finished
}

/**
 * Starts one phase of an action: Node 24, pipes instead of a terminal, a minimal environment, command files.
 */
export function startAction(name: string, options: ActionOptions = {}): StartedAction {
  const job = prepareJob(name, options)
  const started = performance.now()
  const child = spawn(process.execPath, [job.script], {
    cwd: job.workplace.workspace,
    env: job.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid === undefined) throw new Error(`${process.execPath} could not be started`)
  const { pid } = child
  const memory = new MemoryWatch(pid)
  const over = new AbortController()
  const finished = finish(child, job).then(end => {
    memory.stop()
    over.abort(new Error(`The action ended before its log matched. Its log:\n${job.output.log}`))
    const durationMs = Math.round(performance.now() - started)
    return collect(job, {
      pid,
      durationMs,
      peakRssBytes: memory.peakBytes,
      cpuSeconds: memory.cpuSeconds,
      ...end,
    })
  })
  const cancel = () => cancelAction(child, job, finished, options.graces ?? RUNNER_GRACES)
  options.signal?.addEventListener('abort', () => void cancel(), { once: true })
  return {
    pid,
    workplace: job.workplace,
    finished,
    log: () => job.output.log,
    waitForLog: (pattern, timeoutMs = 30_000) =>
      job.output.waitFor(pattern, AbortSignal.any([over.signal, AbortSignal.timeout(timeoutMs)])),
    processes: () => processTree(pid),
    signal: signal => void child.kill(signal),
    cancel,
  }
}

interface End {
  readonly exitCode: number | null
  readonly endedBy: NodeJS.Signals | null
  readonly leftProcesses: readonly SeenProcess[]
}

/**
 * Waits for the process, then for its output; children that keep that open are given five seconds, then
 * killed.
 */
async function finish(child: ChildProcess, job: Job): Promise<End> {
  const streams = [child.stdout, child.stderr].filter(stream => stream !== null)
  const output = Promise.all(streams.map(stream => job.output.read(stream)))
  const [exitCode, endedBy] = await once(child, 'exit')
  // A child that is about to end of itself, because its pipe broke say, is not a leftover.
  await Promise.race([output, sleep(250)])
  const leftProcesses = processesWith(job.tracking)
  if (leftProcesses.length > 0) await Promise.race([output, sleep(ORPHAN_GRACE_MS)])
  killAll(processesWith(job.tracking))
  await output
  return { exitCode, endedBy, leftProcesses }
}

async function cancelAction(
  child: ChildProcess,
  job: Job,
  finished: Promise<ActionRun>,
  graces: CancelGraces,
): Promise<ActionRun> {
  for (const [signal, graceMs] of [
    ['SIGINT', graces.sigintMs],
    ['SIGTERM', graces.sigtermMs],
  ] as const) {
    child.kill(signal)
    const ended = await Promise.race([finished, sleep(graceMs)])
    if (ended !== undefined) return ended
  }
  killAll(processesWith(job.tracking))
  return await finished
}

function killAll(processes: readonly SeenProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself in the meantime.
    }
  }
}

function collect(
  job: Job,
  end: End & Pick<ActionRun, 'pid' | 'durationMs' | 'peakRssBytes' | 'cpuSeconds'>,
): ActionRun {
  const { files, output, workplace } = job
  const { masks } = output
  const read = (name: keyof CommandFiles) => readFileSync(files[name], 'utf8')
  const outputs = { ...output.outputs, ...parseFileCommands(read('GITHUB_OUTPUT')) }
  return {
    ...end,
    outputs,
    droppedOutputs: Object.keys(outputs).filter(name => masks.apply(outputs[name] ?? '') !== outputs[name]),
    state: { ...output.state, ...parseFileCommands(read('GITHUB_STATE')) },
    savedState: read('GITHUB_STATE'),
    env: parseFileCommands(read('GITHUB_ENV')),
    paths: read('GITHUB_PATH')
      .split('\n')
      .filter(line => line !== ''),
    summary: masks.apply(checkSummary(read('GITHUB_STEP_SUMMARY'))),
    annotations: output.annotations,
    log: output.log,
    rawLog: output.rawLog,
    leftFiles: filesBelow(workplace.temp).filter(file => !file.startsWith('_runner_file_commands/')),
    workplace,
    secrets: masks.values,
  }
}

/** GitHub shows a summary of up to 1 MiB a step; a longer one is an error and not shown at all. */
function checkSummary(summary: string): string {
  if (Buffer.byteLength(summary) <= 1024 * 1024) return summary
  throw new Error('The job summary has more than 1 MiB: the runner would drop it')
}

function filesBelow(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => !entry.isDirectory())
    .map(e => relative(directory, join(e.parentPath, e.name)))
}
