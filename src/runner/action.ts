import * as core from '@actions/core'
import type { ActionResult } from '../core/action-result.ts'
import { errorMessage, type OperatorError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { listenForCancellation } from './cancellation.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { renderFailure, toOperatorError } from './failure.ts'
import { Inputs } from './inputs.ts'
import { actionsLog, harmless } from './log.ts'
import { followProxies } from './proxies.ts'
import { holdsSecret, withoutSecrets } from './secrets.ts'
import { actionsState, type PhaseState } from './state.ts'
import { END_LIMITS, type EndLimits, exitIfStillOpen, withStrayErrors } from './stray-error.ts'
import { writeSummary } from './summary.ts'
import { removeLeftTempDirs, type TempDir, TempDirs } from './temp-dir.ts'

export type Phase = 'main' | 'post'

export interface ActionContext {
  readonly inputs: Inputs
  readonly environment: Environment
  readonly log: Log
  readonly state: PhaseState
  /** Aborted when the job is cancelled; its reason is an OperatorError. */
  readonly signal: AbortSignal
  /** A private directory, removed at the end of the phase, or by the post phase if main was killed. */
  createTempDir(): Promise<TempDir>
  /** Puts a directory first on the PATH of the following steps. */
  addPath(directory: string): void
  /** Gives the following steps of the job a variable; a secret must have been masked. */
  exportVariable(name: string, value: string): void
  /** Sets outputs at once, in case the step is killed; those of the result replace them. */
  setOutputs(outputs: ActionResult['outputs']): void
}

export interface Action {
  main(context: ActionContext): Promise<ActionResult>
  /** Cleans up what a killed main phase left. Must not fail when there is nothing. */
  post?(context: ActionContext): Promise<void>
}

/**
 * Runs one phase of an action. Errors are handled finally here, and the exit code is set here, and nowhere
 * else.
 */
export async function runPhase(
  name: string,
  phase: Phase,
  action: Action,
  limits: EndLimits = END_LIMITS,
): Promise<void> {
  const controller = new AbortController()
  listenForCancellation(controller)
  try {
    const work = phase === 'post' ? runPost(action, controller.signal) : runMain(action, controller.signal)
    await finish(name, await withStrayErrors(controller, limits, work))
  } catch (error) {
    await finish(name, { outputs: {}, failure: toOperatorError(error) })
  }
  exitIfStillOpen(limits, actionsLog.info)
}

async function runMain(action: Action, signal: AbortSignal): Promise<ActionResult> {
  const environment = readEnvironment()
  const tempDirs = new TempDirs(environment.tempRoot, actionsState)
  try {
    return await action.main(createContext(environment, signal, tempDirs))
  } finally {
    await tempDirs.removeAll(actionsLog)
  }
}

async function runPost(action: Action, signal: AbortSignal): Promise<ActionResult> {
  const environment = readEnvironment()
  const tempDirs = new TempDirs(environment.tempRoot, actionsState)
  try {
    await action.post?.(createContext(environment, signal, tempDirs))
    return { outputs: {} }
  } finally {
    await tempDirs.removeAll(actionsLog)
    await removeLeftTempDirs(actionsState, actionsLog)
  }
}

function createContext(environment: Environment, signal: AbortSignal, tempDirs: TempDirs): ActionContext {
  followProxies(environment, actionsLog)
  return {
    inputs: new Inputs(),
    environment,
    log: actionsLog,
    state: actionsState,
    signal,
    createTempDir: () => tempDirs.create(),
    addPath: core.addPath,
    exportVariable: core.exportVariable,
    setOutputs,
  }
}

function setOutputs(outputs: ActionResult['outputs']): void {
  for (const [output, value] of Object.entries(outputs)) core.setOutput(output, value)
}

/** Outputs and summary first, also on failure; then exactly one annotation. */
async function finish(name: string, result: ActionResult): Promise<void> {
  const { failure } = result
  setOutputs(result.outputs)
  const dropped = Object.keys(result.outputs).filter(output => holdsSecret(String(result.outputs[output])))
  if (dropped.length > 0)
    actionsLog.warning(
      `GitHub drops the output${dropped.length === 1 ? '' : 's'} ${dropped.join(', ')}: it contains the masked password. Use a long random password.`,
    )
  const summary = result.summary ?? (failure && renderFailure(name, failure))
  if (summary !== undefined) await writeSummary(summary, actionsLog)
  if (failure === undefined) return
  logCauses(failure)
  const text = failure.hint === undefined ? failure.message : `${failure.message}\n${failure.hint}`
  core.error(harmless(withoutSecrets(text)), { title: `${name}: ${failure.code}` })
  process.exitCode = 1
}

/**
 * The original errors as plain lines, and the stack where it is our own defect or the job runs in debug mode.
 */
function logCauses(failure: OperatorError): void {
  for (let cause = failure.cause; cause instanceof Error; cause = cause.cause) {
    actionsLog.info(`  caused by ${cause.name}: ${errorMessage(cause)}`)
    if (failure.code === 'INTERNAL' || core.isDebug()) actionsLog.info(cause.stack ?? '')
  }
}
