/**
 * Stable codes: a code never changes its meaning and is never reused. docs/errors.md is generated from this
 * table.
 */
export const ERROR_CODES = {
  INVALID_INPUT: 'An input is missing or does not follow its grammar. Nothing was done.',
  UNSUPPORTED_PLATFORM: 'This operating system or architecture is not supported.',
  TOOL_MISSING: 'A PostgreSQL tool that the step needs is not on the PATH.',
  TOOL_TOO_OLD: 'The PostgreSQL tools are older than the server, or below the security floor.',
  TOOL_FAILED: 'A PostgreSQL tool ended with an error.',
  INSTALL_UNREACHABLE: 'The package source could not be reached.',
  INSTALL_UNTRUSTED:
    'The package source is not signed by the expected key, or a package does not match its hash.',
  INSTALL_NOT_FOUND: 'The package source does not carry the version that was asked for.',
  INSTALL_FAILED: 'The tools were unpacked but do not work.',
  DISK_FULL: 'There is not enough disk space.',
  DATABASE_UNREACHABLE: 'No connection to the database could be made.',
  DATABASE_AUTH: 'The database refused the user, the password or the database name.',
  DATABASE_POOLER: 'The connection goes through a pooler in transaction mode, which cannot hold a snapshot.',
  DATABASE_PRIVILEGES: 'The role cannot read everything that the dump must contain.',
  DATABASE_LOCKED:
    'The dump waited longer than lock-timeout for its table locks, or another session waited that long for the dump.',
  DATABASE_FAILED: 'The database ended a statement or a session with an error.',
  DUMP_FAILED: 'pg_dump did not finish. No backup was made.',
  DUMP_INCOMPLETE: 'pg_dump finished, but did not dump what the snapshot holds. No backup was made.',
  STORE_UNREACHABLE: 'The object store could not be reached.',
  STORE_DENIED: 'The object store refused the credentials or a permission is missing.',
  STORE_NOT_FOUND: 'The bucket or the object does not exist.',
  STORE_FAILED: 'The object store kept answering with an error.',
  STORE_CORRUPT: 'The object store does not hold what was sent to it.',
  UPLOAD_TOO_LARGE: 'The archive needs more parts than one multipart upload may have.',
  UPLOAD_NOT_CLEANED: 'A multipart upload could not be removed and may cost money.',
  COPY_FAILED: 'A further copy of the backup could not be made. The backup itself is good.',
  BACKUP_NOT_FOUND: 'No backup matches the request.',
  BACKUP_UNUSABLE:
    'The backup cannot be used here: partial, in a format that cannot be restored, or in cold storage.',
  ARCHIVE_THAWING:
    'The archive is being retrieved from cold storage. Run the step again at the time in the message.',
  ARCHIVE_CORRUPT: 'The archive in the store is not the one that the manifest describes.',
  SCRATCH_FAILED: 'The scratch server could not be started, or cannot hold this backup.',
  RESTORE_FAILED: 'pg_restore did not finish.',
  TARGET_UNFIT:
    'The target cannot take this backup: too old, too small, or without an extension, role or privilege. Nothing was changed.',
  TARGET_BUSY: 'Other sessions use the database to be replaced. Nothing was changed.',
  CONFIRMATION_MISSING: 'Overwriting a database needs its name typed into confirm. Nothing was changed.',
  RESTORE_UNVERIFIED: 'The data was restored, but differs from the manifest.',
  SWAP_FAILED: 'The databases could not be renamed. The old one keeps its name.',
  RESTORE_RECORD_INVALID: 'The record of a restore cannot be read: damaged, or written by a newer version.',
  DRILL_FAILED: 'The backup does not restore, or the restored data is not what it should be.',
  GATE_BLOCKED: 'Sessions block the dump or the migration.',
  GATE_IMPLAUSIBLE: 'A table lost more rows since the last backup than max-drop allows.',
  GATE_UNVERIFIED: 'The restore point could not be verified to the requested level.',
  GATE_UNHEALTHY: 'The service was not healthy after the deploy, so no backup of the new state was taken.',
  DRILL_NOT_MEASURED: 'The drill had nothing to compare, so it proves nothing.',
  STALE:
    'The newest backup or the newest passed drill exceeds its maximum age, or the archive of the backup is gone.',
  REPORT_FAILED: 'Could not report the outcome to GitHub, the webhook or the heartbeat URL.',
  MANIFEST_INVALID: 'A manifest cannot be read: damaged, or written by a newer version.',
  DRILL_RECORD_INVALID: 'A drill record cannot be read: damaged, or written by a newer version.',
  RENDER_UNREACHABLE: 'The API of Render could not be reached.',
  RENDER_DENIED: 'Render refused the API key, or its owner lacks a right.',
  RENDER_NOT_FOUND:
    'Render has no database, service or environment group with this id, or the key cannot see it.',
  RENDER_REFUSED: 'Render refused a request.',
  RENDER_FAILED:
    'Render answered with an error that did not go away, or with something that its API does not describe.',
  RENDER_UNKNOWN: 'The answer to a request was lost, and its effect is not to be seen. It is not repeated.',
  RENDER_NOT_READY: 'A database at Render does not meet what fail-on demands.',
  RECOVERY_UNAVAILABLE: 'Render cannot recover the database to this point in time. Nothing was made.',
  RECOVERY_FAILED: 'The recovery at Render failed, or the recovered database cannot be used.',
  RECOVERY_NOT_DELETED: 'A recovered database could not be deleted and goes on to cost money.',
  ACCESS_FAILED:
    'The allow list of the database could not be opened for this runner, or not be closed again.',
  CUTOVER_REFUSED: 'The cutover cannot be made as asked. Nothing was changed.',
  CUTOVER_STOPPED: 'The cutover stopped half way. The message says what is done and what is not.',
  CUTOVER_RECORD_INVALID: 'The record of a cutover cannot be read: damaged, or written by a newer version.',
  RETENTION_BLOCKED:
    'Retention deletes nothing: clocks disagree, or not every manifest, pin and record could be read.',
  RETENTION_RECORD_INVALID:
    'A pin or the record of a deleted backup cannot be read: damaged, or written by a newer version.',
  BUCKET_UNFIT: 'The bucket is not set up as backups need it, or a setting could not be repaired.',
  PLAN_CHANGED: 'The plan is not the one that was approved. Nothing was changed.',
  TIMED_OUT: 'The step took longer than its timeout.',
  CANCELLED: 'The job was cancelled.',
  INTERNAL: 'A defect of pg-runbook. Please report it.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/**
 * What is known of a failure besides its words. Decide by these fields, never by searching a message: it
 * quotes hosts, ports and names, which can look like any code.
 */
export interface ErrorFacts {
  /** The SQLSTATE that the server gave. */
  readonly sqlState?: string | undefined
  /** How a program ended; undefined when a signal ended it. */
  readonly exitCode?: number | undefined
  /** The signal that ended a program. */
  readonly signal?: string | undefined
  readonly httpStatus?: number | undefined
  /** The name that the system or the provider gives the error: `ECONNREFUSED`, `NoSuchBucket`. */
  readonly providerCode?: string | undefined
  /** What a failed restore says about the archive. */
  readonly blame?: RestoreBlame | undefined
}

/**
 * The archive is damaged; what it holds cannot be restored as it is; or nothing, because the cause is not
 * known.
 */
type RestoreBlame = 'damage' | 'contents' | 'unknown'

interface ErrorDetails extends ErrorFacts {
  /** The next thing to do, one sentence. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** What a caller adds to the error of a callee. */
interface ErrorContext {
  /** What failed from the caller's point of view; it stands before the message and a colon. */
  readonly before?: string
  /** Sentences after the message. */
  readonly after?: string
  /** Takes the hint so far, empty without one, and returns the new one. */
  readonly hint?: (hint: string) => string
}

/**
 * An error that an operator can act on: what failed with the value and what would have been accepted
 * (message), the next thing to do (hint), and the original error (cause). Shown as one annotation, without a
 * stack trace.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly facts: ErrorFacts

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const { hint, cause, ...facts } = details
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
    this.facts = facts
  }

  /** The same error, code, facts and cause, told by a caller that knows more. */
  withContext({ before, after, hint }: ErrorContext): OperatorError {
    const message = [before === undefined ? this.message : `${before}: ${this.message}`, after]
    const newHint = hint === undefined ? this.hint : hint(this.hint ?? '').trim()
    return new OperatorError(this.code, message.filter(Boolean).join(' '), {
      ...this.facts,
      hint: newHint || undefined,
      cause: this.cause,
    })
  }
}

/** True for an error of a server with one of these SQLSTATEs. */
export function hasSqlState(error: unknown, ...states: readonly string[]): boolean {
  return error instanceof OperatorError && states.includes(error.facts.sqlState ?? '')
}

/** The error for an operator when the system says that a disk is full, and undefined for any other. */
export function diskError(error: unknown): OperatorError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined
  return new OperatorError('DISK_FULL', `The disk filled up: ${errorMessage(error)}`, {
    hint: DISK_HINT,
    cause: error,
  })
}

export const DISK_HINT = 'Free some space, or let RUNNER_TEMP and RUNNER_TOOL_CACHE point to a larger disk.'

/** The message of anything that was thrown; the empty string never comes back. */
export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0)
    return error.errors.map(errorMessage).join('; ')
  if (error instanceof Error) return error.message || error.name
  if (typeof error === 'object' && error !== null)
    return 'message' in error && typeof error.message === 'string' && error.message !== ''
      ? error.message
      : 'unknown error'
  return String(error) || 'unknown error'
}
