import { OperatorError } from '../../core/errors.ts'
import type { Attempt, LeftOut } from '../../core/passes/pass.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { quoteIdentifier } from '../../core/pg/quote.ts'
import { openSession, type Session } from '../session/session.ts'

interface AttemptOptions {
  /** As who; statements for a superuser go to a connection of its own. */
  readonly connectionOf: (role: Attempt['role']) => Connection
  /** Becomes this role first. */
  readonly setRole: string | undefined
  /** Sessions that work side by side, where `attempts` do not depend on one another. */
  readonly jobs: number
  readonly signal: AbortSignal
}

/**
 * Runs statements one by one, as pg_restore would run them: without a search_path. Returns those that
 * failed, with what the server said. Throws what ended a session: nothing more can be tried then.
 */
export async function attemptStatements(
  attempts: readonly Attempt[],
  options: AttemptOptions,
): Promise<readonly LeftOut[]> {
  const failed: LeftOut[] = []
  for (const role of ['superuser', 'owner'] as const) {
    const queue = attempts.filter(attempt => attempt.role === role).values()
    const count = Math.min(options.jobs, attempts.filter(attempt => attempt.role === role).length)
    const work = async () => {
      await using session = await openRestoringSession(options, role)
      for (const attempt of queue) {
        const why = await tryOne(session, attempt, options.signal)
        if (why !== undefined) failed.push({ what: attempt.what, why, entry: attempt.entry })
      }
    }
    await Promise.all(Array.from({ length: count }, work))
  }
  return failed
}

/** The settings that pg_restore gives its own sessions (_doSetFixedOutputState in pg_backup_archiver.c). */
async function openRestoringSession(
  { connectionOf, setRole, signal }: AttemptOptions,
  role: Attempt['role'],
): Promise<Session> {
  const session = await openSession(connectionOf(role), signal)
  await session.rows(
    `SELECT pg_catalog.set_config('search_path', '', false), pg_catalog.set_config('row_security', 'off', false),
            pg_catalog.set_config('check_function_bodies', 'off', false)`,
  )
  if (setRole !== undefined && role === 'owner') await session.rows(`SET ROLE ${quoteIdentifier(setRole)}`)
  return session
}

/** Why it failed, as the server said it; undefined when it did not. */
async function tryOne(session: Session, attempt: Attempt, signal: AbortSignal): Promise<string | undefined> {
  const why = await runAll(session, attempt, signal)
  // Parallel work takes shared memory, of which a container has little.
  if (why === undefined || !/shared memory segment/.test(why)) return why
  await session.rows('SET max_parallel_workers_per_gather = 0')
  return await runAll(session, attempt, signal)
}

async function runAll(
  session: Session,
  { statements, settings = [], timeoutMs = 0 }: Attempt,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    for (const { set } of settings) await trySetting(session, set, signal)
    await session.rows(`SET statement_timeout = ${timeoutMs}`)
    for (const statement of statements) await session.rows(statement)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof OperatorError) || endsSession(error)) throw error
    return serverMessage(error)
  }
}

async function trySetting(session: Session, set: string, signal: AbortSignal): Promise<void> {
  await session.rows(set).catch(error => {
    signal.throwIfAborted()
    if (!(error instanceof OperatorError) || endsSession(error)) throw error
  })
}

/**
 * The server shuts down, or no SQLSTATE came at all: the connection is gone. Class 08 is about foreign
 * servers.
 */
function endsSession({ facts }: OperatorError): boolean {
  return facts.sqlState === undefined || facts.sqlState.startsWith('57P')
}

/** Without whose server it was and the code. */
function serverMessage(error: OperatorError): string {
  const cause = error.cause
  return (cause instanceof Error ? cause.message : error.message).replace(/\.$/, '')
}
