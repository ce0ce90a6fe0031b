import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../../core/errors.ts'
import { restoreError } from './pg-restore-error.ts'
import { startTool } from './tool-process.ts'

export interface TransactionOptions {
  /** psql itself. */
  readonly psql: string
  /** Of the target, from connectionEnvironment. */
  readonly env: Readonly<Record<string, string>>
  /** After this time without a statement the server ends the transaction. */
  readonly idleLimitMs?: number
}

/**
 * The transaction locks a database against writing. If the machine that holds it is lost, the server may
 * not hear of that: a proxy between the two goes on answering. Then nobody speaks in it any more, and the
 * server rolls it back after this time.
 */
const IDLE_LIMIT_MS = 120_000

/**
 * One transaction in a psql of its own, which takes what pg_restore writes as a script: pg_restore itself
 * cannot empty a database in the transaction in which it fills it. Disposing without a commit rolls back,
 * and so does everything that ends this process, psql or the server: psql is told to COMMIT only after
 * pg_restore has ended well, and never at an end of file.
 */
export interface TargetTransaction extends AsyncDisposable {
  /** The transaction's number, by which the server knows later how it ended. */
  readonly id: string
  /** The server process that carries it: whoever ends sessions spares this one. */
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
  /** Says something in it again and again while other work goes on, so that it is not taken for forgotten. */
  whileIdle<T>(work: () => Promise<T>): Promise<T>
  /** After this, and only after this, anybody sees a change. */
  commit(): Promise<void>
}

/** Throws DATABASE_UNREACHABLE or DATABASE_AUTH; RESTORE_FAILED for what no rule explains. */
export async function beginTransaction({
  psql,
  env,
  idleLimitMs = IDLE_LIMIT_MS,
}: TransactionOptions): Promise<TargetTransaction> {
  const said: string[] = []
  const isNoise = createNoise()
  let isTrying = false
  const tool = startTool({
    name: 'psql',
    path: psql,
    // No psqlrc, no prompt for a password; rows alone, so that the answers can be read.
    args: [
      '--no-psqlrc',
      '--no-password',
      '--quiet',
      '--tuples-only',
      '--no-align',
      '--set=ON_ERROR_STOP=1',
      '--set=VERBOSITY=verbose',
    ],
    env,
    hasInput: true,
    hasSqlStates: true,
    isProgress: line => {
      if (isNoise(line) || isTrying) return true
      // It stops at the first error, and so says little.
      if (said.length < KEPT_LINES) said.push(line.replace(/^psql(: error|:[^ ]*): /, ''))
      return false
    },
    failure: {
      code: 'RESTORE_FAILED',
      hint: '',
    },
  })
  const answers = new Answers(tool.stdout)
  // psql ends by itself only because of an error: a statement, or the connection.
  const lost = tool.finished.then(
    () => {
      throw new OperatorError('RESTORE_FAILED', 'psql ended before the restore was done.', {
        hint: ROLLED_BACK,
      })
    },
    error => {
      throw rolledBack(restoreError(error, said))
    },
  )
  lost.catch(() => {})
  const run = async (sql: string) => {
    const token = `done-${randomBytes(8).toString('hex')}`
    tool.stdin.write(`${sql}\n\\echo ${token}\n`)
    return await Promise.race([answers.until(token), lost])
  }
  const limitIdle = `SET idle_in_transaction_session_timeout = ${idleLimitMs};`
  try {
    await run(`${limitIdle} BEGIN;`)
    const [id = ''] = await run('SELECT pg_catalog.pg_current_xact_id();')
    const [pid = ''] = await run('SELECT pg_catalog.pg_backend_pid();')
    const [version = ''] = await run("SELECT pg_catalog.current_setting('server_version_num');")
    return {
      id,
      pid,
      version: Number(version),
      run: async sql => void (await run(sql)),
      ask: run,
      take: async (script, onBytes) => {
        // A pipe that breaks only says that psql has ended; why is for psql to say.
        const copied = copy(script, tool.stdin, onBytes).catch(error =>
          tool.stdin.writable ? Promise.reject(error) : lost,
        )
        await Promise.race([copied, lost])
        // The script has set these for itself; what follows names everything in full.
        await run(`${limitIdle} SET client_encoding = 'UTF8';`)
      },
      attempt: async (statements, timeoutMs) => {
        isTrying = true
        try {
          return await tryInSavepoint(run, statements, timeoutMs)
        } finally {
          // What psql says of it comes by another pipe, and may come a moment later.
          await sleep(STDERR_GRACE_MS)
          isTrying = false
        }
      },
      whileIdle: work => whileIdle(() => run('SELECT 1;'), idleLimitMs / 4, work),
      commit: async () => void (await run('COMMIT;')),
      [Symbol.asyncDispose]: () => tool[Symbol.asyncDispose](),
    }
  } catch (error) {
    await tool[Symbol.asyncDispose]()
    throw error
  }
}

/**
 * psql writes an error before it goes on; both pipes are read in the same turn of the event loop, or the
 * next.
 */
const STDERR_GRACE_MS = 10

/**
 * psql goes on after an error only with ON_ERROR_STOP off. The statements come from the archive, so that it
 * takes no commands of its own from them (\\restrict).
 */
async function tryInSavepoint(
  run: (sql: string) => Promise<readonly string[]>,
  statements: readonly string[],
  timeoutMs: number,
): Promise<string | undefined> {
  await run('SAVEPOINT pg_runbook_attempt;')
  await run(`SET LOCAL statement_timeout = ${timeoutMs}; SET LOCAL search_path = '';`)
  for (const statement of statements) {
    const key = randomBytes(16).toString('hex')
    const [failed = '', ...message] = await run(
      `\\set ON_ERROR_STOP off\n\\restrict ${key}\n${statement.trimEnd().replace(/;$/, '')};\n\\unrestrict ${key}\n\\echo :ERROR\n\\echo :LAST_ERROR_MESSAGE\n\\set ON_ERROR_STOP on`,
    )
    if (failed !== 'true') continue
    await run('ROLLBACK TO SAVEPOINT pg_runbook_attempt; RELEASE SAVEPOINT pg_runbook_attempt;')
    return message.join(' ')
  }
  await run('RELEASE SAVEPOINT pg_runbook_attempt; SET LOCAL statement_timeout = 0;')
  return undefined
}

/** A beat that fails says that the transaction is lost: that is the error, whatever comes of the work. */
async function whileIdle<T>(
  beat: () => Promise<unknown>,
  intervalMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const beating = (async () => {
    while (!over.signal.aborted) {
      await sleep(intervalMs, undefined, { signal: over.signal }).catch(() => {})
      await beat()
    }
  })()
  beating.catch(() => {})
  try {
    const result = await Promise.race([work(), beating.then(() => new Promise<never>(() => {}))])
    over.abort()
    await beating
    return result
  } finally {
    over.abort()
  }
}

const ROLLED_BACK = 'Everything was rolled back: the database is as it was before.'

function rolledBack(error: unknown): unknown {
  if (!(error instanceof OperatorError)) return error
  return error.withContext({ hint: hint => `${ROLLED_BACK} ${hint}` })
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

/**
 * What psql prints, line by line, up to a token. The script prints lines too: they are dropped as they
 * come.
 */
class Answers {
  #rest = ''
  #lines: string[] = []
  #wake: (() => void) | undefined

  constructor(stream: Readable) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      const lines = (this.#rest + chunk).split('\n')
      this.#rest = lines.pop() ?? ''
      // Only the last few can be an answer of ours; the script's own SELECTs print one line each.
      this.#lines = [...this.#lines, ...lines].slice(-KEPT_LINES)
      this.#wake?.()
    })
  }

  async until(token: string): Promise<readonly string[]> {
    for (;;) {
      const at = this.#lines.indexOf(token)
      if (at >= 0) {
        const answer = this.#lines.slice(0, at)
        this.#lines = this.#lines.slice(at + 1)
        return answer
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

const KEPT_LINES = 20

/**
 * DETAIL and CONTEXT quote rows of the database, and the options of user mappings hold passwords: they stay
 * out of the log, with the lines that continue them. NOTICEs say nothing.
 */
function createNoise(): (line: string) => boolean {
  let isNoise = false
  return line => {
    if (/^(psql:[^ ]* )?(DETAIL|CONTEXT|NOTICE|WARNING|LOCATION):/.test(line)) isNoise = true
    else if (/^LINE \d+: .*(USER MAPPING|SUBSCRIPTION|OPTIONS|password)/i.test(line)) isNoise = true
    else if (/^(psql:|ERROR:|FATAL:|HINT:|LINE \d)/.test(line)) isNoise = false
    return isNoise
  }
}
