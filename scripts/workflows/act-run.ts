import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { SUITE } from './copy.ts'

/** What `github.token` is. */
export const TOKEN = 'ghs_token_of_this_run'

export interface ActOptions {
  /** Path of act. */
  readonly act: string
  /** The copy of this repository. */
  readonly suite: string
  /** The repository whose workflow runs. */
  readonly caller: string
  /** File name below .github/workflows. */
  readonly workflow: string
  readonly event: 'push' | 'schedule' | 'workflow_dispatch'
  /** Of workflow_dispatch. */
  readonly inputs: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, string>>
  /** What the machine of the runner has in its environment. */
  readonly env: Readonly<Record<string, string>>
  /** Directories in front of the PATH. */
  readonly path: readonly string[]
  /** A directory of act's own. */
  readonly home: string
  readonly signal: AbortSignal
}

export interface WorkflowRun {
  readonly exitCode: number | null
  /** `success` or `failure` by the name of the job; a job that did not start is not there. */
  readonly jobs: Readonly<Record<string, string>>
  /** Everything that act printed, as it would stand in the log. */
  readonly log: string
  readonly durationMs: number
}

/** Runs one workflow in nektos/act, on this machine and without containers. */
export async function runWorkflow(options: ActOptions): Promise<WorkflowRun> {
  const started = performance.now()
  const secretFile = join(options.home, 'secrets.env')
  writeFileSync(secretFile, dotenv({ ...options.secrets, GITHUB_TOKEN: TOKEN }), {
    mode: 0o600,
  })
  // act hands its whole environment to every step (nektos/act#6159), so ours is not passed.
  const child = spawn(options.act, actArguments(options, secretFile), {
    cwd: options.caller,
    env: {
      HOME: options.home,
      LANG: 'C.UTF-8',
      PATH: [dirname(process.execPath), ...options.path, '/usr/bin', '/bin'].join(':'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: options.signal,
  })
  const jobs: Record<string, string> = {}
  const lines: string[] = []
  const read = [child.stdout, child.stderr].map(async stream => {
    for await (const line of createInterface({ input: stream })) lines.push(note(line, jobs))
  })
  const [exitCode] = await once(child, 'close')
  await Promise.all(read)
  return { exitCode, jobs, log: lines.join('\n'), durationMs: performance.now() - started }
}

function actArguments(options: ActOptions, secretFile: string): readonly string[] {
  const { workflow, event, suite, env, inputs } = options
  return [
    event,
    ...['--workflows', join('.github', 'workflows', workflow)],
    ...['--platform', 'ubuntu-24.04=-self-hosted'],
    ...['--local-repository', `${SUITE}=${suite}`],
    ...['--secret-file', secretFile, '--env-file', '/dev/null', '--var-file', '/dev/null'],
    ...['--cache-server-addr', '127.0.0.1', '--json'],
    ...Object.entries(inputs).flatMap(([name, value]) => ['--input', `${name}=${value}`]),
    ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ]
}

/** Notes how a step ended, for its job; returns what to keep of the line. */
function note(line: string, jobs: Record<string, string>): string {
  const entry = line.startsWith('{') ? JSON.parse(line) : { msg: line }
  const name = jobName(entry)
  // act shares one result between the jobs of a matrix, so the steps tell.
  if (entry.stepResult === 'failure') jobs[name] = 'failure'
  else if (entry.stepResult === 'success') jobs[name] ??= 'success'
  return `[${name}] ${String(entry.msg).trimEnd()}`
}

/** act puts the names of the workflows in front, pads, and numbers the jobs of a matrix. */
function jobName(entry: { readonly job?: unknown; readonly matrix?: object }): string {
  const name = String(entry.job ?? '')
    .trimEnd()
    .replace(/^.*\//, '')
  return Object.keys(entry.matrix ?? {}).length === 0 ? name : name.replace(/-\d+$/, '')
}

function dotenv(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join('')
}
