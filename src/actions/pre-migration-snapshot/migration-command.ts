import { stat } from 'node:fs/promises'
import { OperatorError } from '../../core/errors.ts'
import type { MigrationReport } from '../../core/migrations/migration-report.ts'
import { connectionUrl } from '../../core/pg/connection.ts'
import { runShellCommand, visibleVariables } from '../../runner/user-command.ts'
import type { GateRun } from './gate-run.ts'

/**
 * Runs the operator's own command, which prints a line for each pending migration. It runs in the project's
 * folder with the database in DATABASE_URL. A command that fails leaves the answer unknown.
 */
export async function listByCommand(
  command: string,
  { context, inputs, signal }: GateRun,
): Promise<MigrationReport> {
  const { environment, log } = context
  await requireFolder(inputs.project)
  const lines: string[] = []
  const end = await log.group(`Migrations command: ${command}`, () =>
    runShellCommand({
      command,
      directory: inputs.project,
      env: {
        ...visibleVariables(environment.variables),
        DATABASE_URL: connectionUrl(inputs.connection).reveal(),
      },
      signal,
      onOutput: line => lines.push(line.trim()),
      onError: line => log.info(line),
    }),
  )
  const source = `command: ${command}`
  const unknown = (why: string): MigrationReport => ({
    tool: undefined,
    source,
    pending: [],
    state: 'unknown',
    why: `${why}; result unknown, treated as pending.`,
  })
  if (!end.isSuccess) return unknown(`The command ended with ${end.text}`)
  if (!end.isOutputComplete) return unknown('A background process of the command still held its output')
  const pending = lines.filter(line => line !== '')
  return {
    tool: undefined,
    source,
    pending,
    state: pending.length === 0 ? 'none' : 'pending',
    why: pending.length === 0 ? 'The command listed nothing.' : `The command listed ${pending.length}.`,
  }
}

/** Without the folder a shell says only that bash was not found. */
async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() === true) return
  throw new OperatorError('INVALID_INPUT', `The project's folder ${path} is not there.`, {
    hint: 'Run actions/checkout before this step, and give the folder that holds the project.',
  })
}
