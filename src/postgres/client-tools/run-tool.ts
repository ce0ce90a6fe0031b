import { getExecOutput } from '@actions/exec'
import { errorMessage, OperatorError } from '../../core/errors.ts'

interface ToolOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program with small output to its end and returns what it said, with any exit code. Always
 * silent: exec would print the command line. `env` is the whole environment of the child: see
 * `toolEnvironment`. Throws TOOL_FAILED only when the program cannot be started.
 */
export async function runTool(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ToolOutput> {
  try {
    return await getExecOutput(`"${path}"`, [...args], {
      silent: true,
      ignoreReturnCode: true,
      env: { ...env },
    })
  } catch (error) {
    throw new OperatorError('TOOL_FAILED', `${path} could not be started: ${errorMessage(error)}`, {
      cause: error,
    })
  }
}

/**
 * Variables that a PostgreSQL tool may inherit. Everything else stays here: secrets, INPUT_*, and stray PG*
 * settings.
 */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SYSTEMROOT',
  // By this the runner finds what a job left running, and ends it.
  'RUNNER_TRACKING_ID',
] as const

/**
 * The environment of a PostgreSQL tool: a few inherited variables, English messages (they are parsed), and
 * UTC (archive headers carry local time), then what the caller adds.
 */
export function toolEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const env: Record<string, string> = { LC_ALL: 'C', LANGUAGE: 'C', TZ: 'UTC' }
  for (const name of INHERITED) {
    const value = inherited[name]
    if (value !== undefined) env[name] = value
  }
  return { ...env, ...added }
}
