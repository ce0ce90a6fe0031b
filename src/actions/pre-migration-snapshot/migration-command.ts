import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { MigrationReport } from '../../core/migrations/migration-report.ts'
import type { ActionContext } from '../../runner/action.ts'

/** Inputs, which hold secrets, the job's tokens, and the files by which this step speaks to the runner. */
const HIDDEN = /^(INPUT_|STATE_|ACTIONS_|GITHUB_(OUTPUT|STATE|ENV|PATH)$)/

/**
 * Asks the operator's own command, which prints a line for each pending migration. A command that fails tells nothing, and what
 * nobody can tell counts as pending.
 */
export async function listByCommand(
  command: string,
  { environment, log }: ActionContext,
  signal: AbortSignal,
): Promise<MigrationReport> {
  const variables = Object.entries(environment.variables).filter(([name]) => !HIDDEN.test(name))
  const child = spawn('/bin/sh', ['-c', command], {
    env: Object.fromEntries(variables),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const ended = new Promise<string | number>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', (exitCode, name) => resolve(exitCode ?? `signal ${name}`))
  })
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  signal.throwIfAborted()
  const source = `command: ${command}`
  if (exit !== 0) {
    for (const line of stderr.trim().split('\n').slice(-5)) log.info(`  ${line}`)
    const why = `The command ended with ${exit}, so that nobody can tell; that counts as pending.`
    return { tool: undefined, source, pending: [], state: 'unknown', why }
  }
  const pending = stdout
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
  return {
    tool: undefined,
    source,
    pending,
    state: pending.length === 0 ? 'none' : 'pending',
    why: pending.length === 0 ? 'The command listed nothing.' : `The command listed ${pending.length}.`,
  }
}
