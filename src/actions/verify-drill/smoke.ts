import type { Check } from '../../core/checks/check.ts'
import type { Log } from '../../core/log.ts'
import { type Connection, connectionUrl } from '../../core/pg/connection.ts'
import { renderDuration } from '../../core/text/duration.ts'
import { runShellCommand, visibleVariables } from '../../runner/user-command.ts'

/** Node's timers fire at once when they are set for longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

interface SmokeOptions {
  readonly command: string
  readonly timeoutMs: number
  readonly database: Connection
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * Runs the operator's own command against the restored database (runbook §5: `rails runner`) and makes its
 * exit code a check. DATABASE_URL is in its environment only. What it starts in the background ends with
 * it.
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
async function run({ command, timeoutMs, database, variables, signal, log }: SmokeOptions): Promise<string> {
  const late = AbortSignal.timeout(Math.min(timeoutMs, LONGEST_TIMER_MS))
  // PG* variables mean another database, production perhaps.
  const visible = Object.entries(visibleVariables(variables)).filter(([name]) => !/^PG[A-Z]+$/.test(name))
  try {
    const { text } = await runShellCommand({
      command,
      env: { ...Object.fromEntries(visible), DATABASE_URL: connectionUrl(database).reveal() },
      signal: AbortSignal.any([signal, late]),
      onOutput: line => log.info(line),
      onError: line => log.info(line),
    })
    return text
  } catch (error) {
    signal.throwIfAborted()
    if (!late.aborted) throw error
    return `still running after ${renderDuration(timeoutMs)}`
  }
}
