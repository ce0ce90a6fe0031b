import { type ErrorCode, OperatorError } from '../../core/errors.ts'

interface Cause {
  readonly match: RegExp
  readonly code: ErrorCode
  readonly hint: string
}

const WORKER_ENDED = /^a worker process (died|is dead)/

/**
 * What ends a pg_restore without saying anything about the archive: the first that fits. Each pattern is for the beginning of a
 * message: further on, and in the command that pg_restore quotes, are names and texts of the database.
 */
const NOT_THE_ARCHIVE: readonly Cause[] = [
  {
    match: /^((ERROR|FATAL|PANIC): +)?could not .*: No space left on device$/,
    code: 'DISK_FULL',
    hint: 'Use a server with a larger disk, or, for one that a drill makes, set RUNNER_TEMP to one.',
  },
  {
    match: /^(pg_restore|psql) ended with signal|^a worker process (died|is dead)/,
    code: 'TOOL_FAILED',
    hint: 'Somebody or something ended it from outside: mostly the kernel, because memory ran out. Lower jobs, or take a larger machine, and run it again.',
  },
  {
    match: /^FATAL: +(sorry, too many clients|too many connections|remaining connection slots)/,
    code: 'DATABASE_UNREACHABLE',
    hint: 'All connections of the server are in use: lower jobs, or raise max_connections.',
  },
  {
    match: /^((ERROR|FATAL): +)?out of (shared )?memory/,
    code: 'DATABASE_FAILED',
    hint: 'The server ran out of memory: lower jobs, or raise max_locks_per_transaction where the message speaks of shared memory.',
  },
  {
    match:
      /^server closed the connection|^connection to server (.* failed|was lost)|^(ERROR|FATAL): +(terminating connection|the database system is)|^no connection to the server|^(SSL )?connection (has been|was) (closed|reset)|^could not (send|receive) data/,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The server that is restored to went away. Look at its log at this time, and run it again.',
  },
  {
    match: /^ERROR: +(collation "pg_catalog\..*" for encoding ".*" does not exist|could not create locale ")/,
    code: 'DATABASE_FAILED',
    hint: 'The server that is restored to has no such locale, and the source has: another operating system, or fewer locales on it. Install it there before the server is made (locale-gen), or, for a drill, give a server that has it by scratch-url.',
  },
  {
    match:
      /^(ERROR|FATAL): +(extension "[^"]*" must be preloaded|\S+ (must|can only) be loaded via "?shared_preload_libraries)/,
    code: 'DATABASE_FAILED',
    hint: 'The extension works only where the server was started with it: add it to shared_preload_libraries there, or, for a drill, give a server that has it so by scratch-url.',
  },
  {
    match: /^ERROR: +permission denied to create extension/,
    code: 'DATABASE_PRIVILEGES',
    hint: 'In a new database only a superuser, or a way of the provider’s own, can make this extension: ask the provider. restore-from-s3 in mode overwrite keeps the extensions that are there; a drill makes them on a server of its own.',
  },
  {
    match: /^ERROR: +(permission denied|must be (a )?(superuser|owner|member))/,
    code: 'DATABASE_PRIVILEGES',
    hint: 'The role that restores may not do what the archive asks for: extensions and publications, say, take a superuser. Use one.',
  },
]

/**
 * The error of a pg_restore for whoever has to decide about the archive: RESTORE_FAILED means that this archive does not
 * restore, any other code that nobody knows. General rules about connections do not fit here: `No such file` is a missing library, and
 * `role does not exist` a missing role, both of the archive's making. `said` are the tool's own
 * messages, each without its prefix: not the commands that it quotes.
 */
export function restoreError(error: unknown, said: readonly string[]): unknown {
  // The system's own code: the tool did not even start.
  if (!(error instanceof OperatorError) || error.facts.providerCode !== undefined) return error
  // With --jobs the leader adds that a worker ended, after the worker has said why.
  const causes = said.filter(message => !WORKER_ENDED.test(message))
  const messages = [error.message, ...(causes.length > 0 ? causes : said).flatMap(withoutContext)]
  const cause = NOT_THE_ARCHIVE.find(({ match }) => messages.some(message => match.test(message)))
  const { code, hint }: Omit<Cause, 'match'> = cause ?? {
    code: 'RESTORE_FAILED',
    hint: 'The archive does not restore here. The message names the entry that failed.',
  }
  return new OperatorError(code, error.message, { ...error.facts, hint })
}

/** A message as it is, and what the server said in it: pg_restore begins with what it was doing. */
function withoutContext(message: string): readonly string[] {
  const doing = [
    /^(?:could not execute query|query failed|error returned by \w+|COPY failed for table ".*?"): (.*)$/,
    /^connection to server .* failed: (FATAL: .*)$/,
  ]
  return [message, ...doing.flatMap(pattern => pattern.exec(message)?.[1] ?? [])]
}
