import { type ErrorCode, OperatorError } from '../core/errors.ts'

interface Cause {
  readonly match: RegExp
  readonly code: ErrorCode
  readonly hint: string
}

/** What ends a pg_restore without saying anything about the archive: the first that fits. */
const NOT_THE_ARCHIVE: readonly Cause[] = [
  {
    match: /No space left on device|\b53100\b/i,
    code: 'DISK_FULL',
    hint: 'Use a server with a larger disk, or, for one that a drill makes, set RUNNER_TEMP to one.',
  },
  {
    match: /^pg_restore ended with signal|worker process died unexpectedly/,
    code: 'TOOL_FAILED',
    hint: 'Somebody or something ended it from outside: mostly the kernel, because memory ran out. Lower jobs, or take a larger machine, and run it again.',
  },
  {
    match: /too many (clients|connections)|remaining connection slots/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'All connections of the server are in use: lower jobs, or raise max_connections.',
  },
  {
    match: /out of (shared )?memory|\b53200\b/i,
    code: 'DATABASE_FAILED',
    hint: 'The server ran out of memory: lower jobs, or raise max_locks_per_transaction where the message speaks of shared memory.',
  },
  {
    match:
      /server closed the connection|connection to server .* failed|terminating connection|no connection to the server|connection (has been|was) (closed|reset)|could not (send|receive) data|the database system is/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The server that is restored to went away. Look at its log at this time, and run it again.',
  },
  {
    match: /permission denied to create extension/i,
    code: 'DATABASE_PRIVILEGES',
    hint: 'In a new database only a superuser, or a way of the provider’s own, can make this extension: ask the provider. restore-from-s3 in mode overwrite keeps the extensions that are there; a drill makes them on a server of its own.',
  },
  {
    match: /permission denied|must be (a )?(superuser|owner|member)|\b42501\b/i,
    code: 'DATABASE_PRIVILEGES',
    hint: 'The role that restores may not do what the archive asks for: extensions and publications, say, take a superuser. Use one.',
  },
]

/**
 * The error of a pg_restore for whoever has to decide about the archive: RESTORE_FAILED means that this archive does not
 * restore, any other code that nobody knows. General rules about connections do not fit here: `No such file` is a missing library, and
 * `role does not exist` a missing role, both of the archive's making.
 */
export function restoreError(error: unknown): unknown {
  if (!(error instanceof OperatorError) || error.message.includes('could not be started')) return error
  const cause = NOT_THE_ARCHIVE.find(({ match }) => match.test(error.message))
  const { code, hint }: Omit<Cause, 'match'> = cause ?? {
    code: 'RESTORE_FAILED',
    hint: 'The archive does not restore here. The message names the entry that failed.',
  }
  return new OperatorError(code, error.message, { hint })
}
