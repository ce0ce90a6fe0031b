import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { inputVariables, readManifest } from './manifest.ts'
import { OutputReader } from './output-reader.ts'
import { type CommandFiles, createCommandFiles, createWorkplace, type Workplace } from './workplace.ts'

/** The runner sends SIGINT, waits, sends SIGTERM, waits, and kills the whole tree. */
export interface CancelGraces {
  readonly sigintMs: number
  readonly sigtermMs: number
}

export interface ActionOptions {
  readonly inputs?: Readonly<Record<string, string>>
  /** Added to the minimal environment; PATH too may be given. */
  readonly env?: Readonly<Record<string, string>>
  /** `main` unless said otherwise. */
  readonly phase?: 'main' | 'post'
  /** The main phase that a post phase follows: its state, directories and masks. */
  readonly after?: FinishedPhase
  /** Values that the workflow knows as secrets: masked from the start. */
  readonly secrets?: readonly string[]
  /** Cancels the job as the runner does. */
  readonly signal?: AbortSignal
  /** How long a cancelled step is waited for after each signal; as the runner does unless said otherwise. */
  readonly graces?: CancelGraces
  /** As when a job is re-run with debug logging. */
  readonly debug?: boolean
  /** The repository that holds actions/<name>/action.yml; the working directory unless said otherwise. */
  readonly root?: string
  /** Take <dist>/<name>/<phase>.js instead of what action.yml names. */
  readonly dist?: string
}

/** What a post phase takes over from its main phase. */
export interface FinishedPhase {
  readonly workplace: Workplace
  readonly state: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
}

/** One step, ready to be started. */
export interface Job {
  readonly script: string
  readonly env: Record<string, string>
  readonly files: CommandFiles
  readonly workplace: Workplace
  readonly output: OutputReader
  /** A setting that every process of the step inherits. */
  readonly tracking: string
}

export function prepareJob(name: string, options: ActionOptions): Job {
  const { root = '.', phase = 'main', after } = options
  if (!process.version.startsWith('v24.'))
    throw new Error(`Actions run on Node 24, this is ${process.version}`)
  const manifest = readManifest(root, name, options.dist)
  const script = manifest.scripts[phase]
  if (script === undefined) throw new Error(`${name} has no ${phase} phase`)
  const workplace = after?.workplace ?? createWorkplace()
  const files = createCommandFiles(workplace)
  const output = new OutputReader(options.debug ?? false)
  for (const secret of [...(options.secrets ?? []), ...(after?.secrets ?? [])]) output.masks.add(secret)
  const tracking = randomUUID()
  const env = {
    ...runnerVariables(workplace, options.debug ?? false),
    RUNNER_TRACKING_ID: tracking,
    ...inputVariables(manifest, options.inputs ?? {}),
    ...stateVariables(after?.state ?? {}),
    ...after?.env,
    ...options.env,
    ...files,
  }
  return { script, env, files, workplace, output, tracking: `RUNNER_TRACKING_ID=${tracking}` }
}

/** What every job on a hosted runner has, as far as an action may rely on it. */
function runnerVariables(
  { temp, workspace, toolCache, home }: Workplace,
  debug: boolean,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: workspace,
    GITHUB_REPOSITORY: 'example/logi',
    GITHUB_WORKFLOW: 'backup',
    GITHUB_JOB: 'dump',
    GITHUB_RUN_ID: '1234567890',
    GITHUB_RUN_NUMBER: '7',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_EVENT_NAME: 'schedule',
    GITHUB_ACTOR: 'operator',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_API_URL: 'https://api.github.com',
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
    RUNNER_TEMP: temp,
    RUNNER_TOOL_CACHE: toolCache,
    ...(debug ? { RUNNER_DEBUG: '1' } : {}),
  }
}

function stateVariables(state: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]))
}
