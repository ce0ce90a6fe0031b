import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { EndLimits } from '../../src/runner/stray-error.ts'
import { parseFileCommands } from './runner/file-commands.ts'

/** What a runner sees of one phase of an action. */
export interface PhaseRun {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  readonly summary: string
  readonly path: string
  /** What is left in RUNNER_TEMP. */
  readonly left: readonly string[]
}

export interface PhaseOptions {
  readonly phase?: 'main' | 'post'
  readonly inputs?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Shorter than those of an action, for a test that waits for them. */
  readonly limits?: EndLimits
  /** Called with the running process, to send signals. */
  readonly meanwhile?: (child: ChildProcess, stdout: () => string) => Promise<void>
}

/** Node keeps here what it compiled of src: a phase starts in half the time, 0.1 s instead of 0.2 s. */
const COMPILE_CACHE = join(tmpdir(), 'pg-runbook-compile-cache')

/** A directory with the files of a runner, in which phases run one after another. Removed at the end. */
export class Workspace implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'pg-runbook-phase-'))
  readonly temp = mkdtempSync(join(this.path, 'temp-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }

  /**
   * Runs an action written as the text of an object (`async main(context) { … }`) in a process of its own.
   */
  async run(action: string, options: PhaseOptions = {}): Promise<PhaseRun> {
    const script = join(this.path, 'script.ts')
    writeFileSync(script, scriptOf(action, options))
    const child = spawn(process.execPath, [script], { env: this.#environment(options), cwd: this.path })
    let seen = ''
    child.stdout.on('data', chunk => {
      seen += chunk
    })
    const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)])
    await options.meanwhile?.(child, () => seen)
    const [[exitCode], stdout, stderr] = await ended
    return {
      exitCode,
      stdout,
      stderr,
      outputs: parseFileCommands(this.#read('output')),
      state: parseFileCommands(this.#read('state')),
      summary: this.#read('summary'),
      path: this.#read('path'),
      left: readdirSync(this.temp),
    }
  }

  #environment({ inputs = {}, env = {} }: PhaseOptions): Record<string, string> {
    const variables: Record<string, string> = {
      PATH: process.env.PATH ?? '',
      RUNNER_TEMP: this.temp,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
    }
    for (const file of ['output', 'state', 'path'])
      variables[`GITHUB_${file.toUpperCase()}`] = this.#empty(file)
    variables.GITHUB_STEP_SUMMARY = this.#empty('summary')
    for (const [name, value] of Object.entries(inputs)) variables[`INPUT_${name.toUpperCase()}`] = value
    return { ...variables, ...env }
  }

  #empty(file: string): string {
    const path = join(this.path, file)
    writeFileSync(path, '')
    return path
  }

  #read(file: string): string {
    return readFileSync(join(this.path, file), 'utf8')
  }
}

function scriptOf(action: string, { phase = 'main', limits }: PhaseOptions): string {
  const source = (file: string) => JSON.stringify(resolve('src', file))
  return [
    `import { runPhase } from ${source('runner/action.ts')}`,
    `import { OperatorError } from ${source('core/errors.ts')}`,
    `await runPhase('test-action', '${phase}', { ${action} }, ${JSON.stringify(limits)})`,
    '',
  ].join('\n')
}

/** Runs one phase in a workspace of its own. */
export async function runPhaseOf(action: string, options: PhaseOptions = {}): Promise<PhaseRun> {
  using workspace = new Workspace()
  return await workspace.run(action, options)
}

/** The annotations in a log, as `level title: text`. */
export function annotations(stdout: string): readonly string[] {
  const plain = (value: string) =>
    value.replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%0A/g, '\n').replace(/%25/g, '%')
  return [...stdout.matchAll(/^::(error|warning|notice)(?: title=(.*?))?::(.*)$/gm)].map(
    ([, level, title, data]) => `${level} ${plain(title ?? '')}: ${plain(data ?? '')}`,
  )
}
