import { mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errorMessage } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { PhaseState } from './state.ts'

const STATE_NAME = 'temp-dirs'
const PREFIX = 'pg-runbook-'

export interface TempDir extends AsyncDisposable {
  /** Absolute path of a directory that only this user can enter. */
  readonly path: string
}

/** The private directories of a main phase. Their paths are kept in the state, in case main is killed. */
export class TempDirs {
  readonly #root: string
  readonly #state: PhaseState
  readonly #paths: string[] = []

  constructor(root: string, state: PhaseState) {
    this.#root = root
    this.#state = state
  }

  async create(): Promise<TempDir> {
    const path = await mkdtemp(join(this.#root, PREFIX))
    this.#paths.push(path)
    this.#state.save(STATE_NAME, this.#paths)
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
  }

  /** Removes those that their owners did not. */
  async removeAll(log: Log): Promise<void> {
    await removeDirs(this.#paths, log)
  }
}

/** Removes what a killed main phase left behind. Does nothing when it cleaned up itself. */
export async function removeLeftTempDirs(state: PhaseState, log: Log): Promise<void> {
  const paths: unknown = state.read(STATE_NAME)
  if (!Array.isArray(paths)) return
  // The state is a file that other programs can write: only directories of our own name are removed.
  await removeDirs(
    paths.filter(path => typeof path === 'string' && basename(path).startsWith(PREFIX)),
    log,
  )
}

/** What cannot be removed is a warning: it may hold data, but it undoes nothing of what the step has done. */
async function removeDirs(paths: readonly string[], log: Log): Promise<void> {
  for (const path of paths)
    await rm(path, { recursive: true, force: true }).catch(error =>
      log.warning(`${path} could not be removed and may hold data: ${errorMessage(error)}`),
    )
}
