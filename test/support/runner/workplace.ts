import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** The directories of one job; main and post of an action share them. */
export interface Workplace {
  /** RUNNER_TEMP */
  readonly temp: string
  /** GITHUB_WORKSPACE, and the working directory */
  readonly workspace: string
  /** RUNNER_TOOL_CACHE */
  readonly toolCache: string
  readonly home: string
}

const PREFIX = 'pg-runbook-test-'

/** The directories made so far by this process. */
const made = new Set<string>()

/**
 * Removes the directories of every job that this process ran. Vitest calls it after each file: it ends its
 * workers by force.
 */
export function removeWorkplaces(): void {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
  made.clear()
}

process.on('exit', removeWorkplaces)

/**
 * What a killed run left an hour ago or earlier: with a tool cache in it, that may be 150 MB for each job.
 */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    const directory = join(tmpdir(), name)
    const found = statSync(directory, { throwIfNoEntry: false })
    const isOurs = found?.uid === process.getuid?.()
    if (found !== undefined && isOurs && found.mtimeMs < Date.now() - 3_600_000) {
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

export function createWorkplace(): Workplace {
  if (made.size === 0) removeAbandoned()
  const directory = mkdtempSync(join(tmpdir(), PREFIX))
  made.add(directory)
  const make = (name: string) => {
    mkdirSync(join(directory, name))
    return join(directory, name)
  }
  return { temp: make('_temp'), workspace: make('work'), toolCache: make('tools'), home: make('home') }
}

/** The files through which a step talks to the runner, empty, with names that are new for each step. */
export interface CommandFiles {
  readonly GITHUB_OUTPUT: string
  readonly GITHUB_ENV: string
  readonly GITHUB_PATH: string
  readonly GITHUB_STATE: string
  readonly GITHUB_STEP_SUMMARY: string
}

export function createCommandFiles({ temp }: Workplace): CommandFiles {
  const directory = join(temp, '_runner_file_commands')
  mkdirSync(directory, { recursive: true })
  const id = randomUUID()
  const file = (name: string) => {
    const path = join(directory, `${name}_${id}`)
    writeFileSync(path, '')
    return path
  }
  return {
    GITHUB_OUTPUT: file('set_output'),
    GITHUB_ENV: file('set_env'),
    GITHUB_PATH: file('add_path'),
    GITHUB_STATE: file('save_state'),
    GITHUB_STEP_SUMMARY: file('step_summary'),
  }
}
