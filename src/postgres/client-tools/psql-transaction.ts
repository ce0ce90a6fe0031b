import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { OperatorError } from '../../core/errors.ts'
import { keepAlive } from './keep-alive.ts'
import { type PsqlProcess, startPsql } from './psql-process.ts'
import { tryInSavepoint } from './psql-savepoint.ts'

interface TransactionOptions {
  /** psql itself. */
  readonly psql: string
  /** Of the target, from connectionEnvironment. */
  readonly env: Readonly<Record<string, string>>
  /** After this time without a statement the server ends the transaction. */
  readonly idleLimitMs?: number
}

/**
 * The transaction locks a database against writing. If the machine that holds it is lost, the server may
 * not notice: a proxy between the two goes on answering. No further statement arrives then, and the server
 * rolls back after this time.
 */
const IDLE_LIMIT_MS = 120_000

/**
 * One transaction in a psql of its own, which takes what pg_restore writes as a script: pg_restore itself
 * cannot empty a database in the transaction in which it fills it. Disposing without a commit rolls back,
 * and so does everything that ends this process, psql or the server: psql receives COMMIT only after
 * pg_restore has succeeded, and never at an end of file.
 */
export interface TargetTransaction extends AsyncDisposable {
  /** The transaction's number, by which the server knows later how it ended. */
  readonly id: string
  /** The server process that carries it. Code that ends other sessions must spare it. */
  readonly pid: string
  /** server_version_num */
  readonly version: number
  /** Runs statements to their end. Throws when one fails; the transaction is lost then. */
  run(sql: string): Promise<void>
  /** As run; returns the last lines that the statements printed. */
  readonly ask: (sql: string) => Promise<readonly string[]>
  /** Lets psql run a script from a stream, and waits until all of it has run. Counts bytes. */
  take(script: Readable, onBytes: (bytes: number) => void): Promise<void>
  /**
   * Tries statements in a savepoint. Returns what the server said where one failed, and goes on as if none
   * had run.
   */
  attempt(statements: readonly string[], timeoutMs: number): Promise<string | undefined>
  /** Sends a statement at intervals while other work goes on, so that the server does not end it as idle. */
  whileIdle<T>(work: () => Promise<T>): Promise<T>
  /** Other sessions see the changes only after this. */
  commit(): Promise<void>
}

/** Throws DATABASE_UNREACHABLE or DATABASE_AUTH; RESTORE_FAILED for what no rule explains. */
export async function beginTransaction({
  psql: path,
  env,
  idleLimitMs = IDLE_LIMIT_MS,
}: TransactionOptions): Promise<TargetTransaction> {
  const psql = startPsql(path, env)
  const limitIdle = `SET idle_in_transaction_session_timeout = ${idleLimitMs};`
  try {
    const identity = await openTransaction(psql, limitIdle)
    return {
      ...identity,
      run: async sql => void (await psql.run(sql)),
      ask: psql.run,
      take: async (script, onBytes) => {
        await runScript(psql, limitIdle, script, onBytes)
        const [now] = await psql.run('SELECT pg_catalog.pg_current_xact_id();')
        if (now !== identity.id) throw committedEarly()
      },
      attempt: (statements, timeoutMs) => tryInSavepoint(psql, statements, timeoutMs),
      whileIdle: work => keepAlive(() => psql.run('SELECT 1;'), idleLimitMs / 4, work),
      commit: async () => void (await psql.run('COMMIT;')),
      [Symbol.asyncDispose]: () => psql[Symbol.asyncDispose](),
    }
  } catch (error) {
    await psql[Symbol.asyncDispose]()
    throw error
  }
}

async function openTransaction(
  { run }: PsqlProcess,
  limitIdle: string,
): Promise<Pick<TargetTransaction, 'id' | 'pid' | 'version'>> {
  await run(`${limitIdle} BEGIN;`)
  const [id = ''] = await run('SELECT pg_catalog.pg_current_xact_id();')
  const [pid = ''] = await run('SELECT pg_catalog.pg_backend_pid();')
  const [version = ''] = await run("SELECT pg_catalog.current_setting('server_version_num');")
  return { id, pid, version: Number(version) }
}

async function runScript(
  { stdin, lost, run }: PsqlProcess,
  limitIdle: string,
  script: Readable,
  onBytes: (bytes: number) => void,
): Promise<void> {
  // A pipe that breaks only says that psql has ended; why is for psql to say.
  const copied = copy(script, stdin, onBytes).catch(error => (stdin.writable ? Promise.reject(error) : lost))
  await Promise.race([copied, lost])
  // The script has set these for itself; what follows names everything in full.
  await run(`${limitIdle} SET client_encoding = 'UTF8';`)
}

/** Not pipeline(), which would end the input: the end of the script is not the end of the transaction. */
async function copy(
  script: Readable,
  input: NodeJS.WritableStream,
  onBytes: (bytes: number) => void,
): Promise<void> {
  for await (const chunk of script as AsyncIterable<Buffer>) {
    onBytes(chunk.length)
    if (!input.write(chunk)) await once(input, 'drain')
  }
}

/** Cannot be undone, so it must not be called rolled back. */
function committedEarly(): OperatorError {
  return new OperatorError('RESTORE_FAILED', 'The archive ended the transaction of the restore.', {
    hint: 'The database holds a part of the backup. Restore the safety backup, or this one by mode new-database.',
  })
}
