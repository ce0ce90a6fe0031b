import { type ErrorCode, errorMessage, OperatorError } from '../../core/errors.ts'
import { type Connection, renderConnection } from '../../core/pg/connection.ts'

interface Rule {
  readonly match: RegExp
  readonly code: ErrorCode
  readonly hint: string
}

/**
 * What servers, libpq and Node say when a connection fails, by SQLSTATE in brackets or by words, and what to do about it.
 * The same table serves our own sessions and the messages of pg_dump and pg_restore: a role that a statement names and
 * that is not there is no failed login, which is FATAL.
 */
const RULES: readonly Rule[] = [
  {
    match: /channel binding (is )?required/i,
    code: 'DATABASE_AUTH',
    hint: 'With channel_binding=require the server has to let this role log in by SCRAM over TLS: use sslmode=require or better, or take channel_binding out of database-url.',
  },
  {
    match: /\(28P01\)|password authentication failed|no password supplied|SASL.*(password|authentication)/i,
    code: 'DATABASE_AUTH',
    hint: 'Check the user and the password in database-url; special characters of the password must be percent-encoded.',
  },
  {
    match: /\(28000\)|no pg_hba\.conf entry|FATAL: +role ".*" (does not exist|is not permitted to log in)/i,
    code: 'DATABASE_AUTH',
    hint: "Check the user in database-url, whether it may log in, and whether the server's access rules let this machine in (sslmode included).",
  },
  {
    match: /\(3D000\)|FATAL: +database ".*" does not exist/i,
    code: 'DATABASE_AUTH',
    hint: 'Check the database name at the end of database-url.',
  },
  {
    match: /\(53300\)|too many (clients|connections)|remaining connection slots/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'All connections of the server are in use; a dump needs three. Close idle ones or raise the limit, then run again.',
  },
  {
    match:
      /self[- ]signed certificate|unable to (get|verify)|certificate verify failed|Hostname\/IP does not match|certificate has expired|does not match host name/i,
    code: 'DATABASE_UNREACHABLE',
    hint: "The server's certificate is not trusted with this sslmode. Give the provider's root certificate by sslrootcert=<file>, or use sslmode=require to encrypt without verifying.",
  },
  {
    match: /does not support SSL|server does not support SSL/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The server has no TLS; use sslmode=prefer or sslmode=disable if the network between is trusted.',
  },
  {
    match: /ENOTFOUND|EAI_AGAIN|could not translate host name/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The host name in database-url cannot be resolved. On Render use the external host name, from outside its network.',
  },
  {
    match: /due to conflict with recovery/i,
    code: 'DATABASE_FAILED',
    hint: 'This standby had to take over a change of its primary that the snapshot was in the way of. Set hot_standby_feedback = on there, or raise max_standby_streaming_delay, or dump from the primary.',
  },
  {
    match:
      /closed (the connection )?unexpectedly|Connection terminated|terminating connection|\(57P0[12]\)|\bECONNRESET\b|\bEPIPE\b|socket disconnected|not queryable/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The server hung up. Check that it is not restarting, and that its IP allow list admits this machine (Render closes the connection of an address that is not on the list).',
  },
  {
    match:
      /ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|timeout expired|Connection refused|timed out|\(57P03\)|starting up|\bENOENT\b|socket .* failed: No such file/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'Check host and port in database-url, that the server runs, and that its firewall admits this machine.',
  },
  {
    match: /\(42501\)|permission denied (for|to)|row-level security/i,
    code: 'DATABASE_PRIVILEGES',
    hint: 'Grant what is missing: GRANT pg_read_all_data TO <role>; and, for row security, ALTER ROLE <role> BYPASSRLS; or dump as the owner.',
  },
  {
    match: /\(55P03\)|lock timeout|statement timeout.*LOCK TABLE|LOCK TABLE[\s\S]*statement timeout/i,
    code: 'DATABASE_LOCKED',
    hint: 'Wait until the session that holds the lock is done, or raise lock-timeout.',
  },
  {
    match: /\(53200\)|out of shared memory|max_locks_per_transaction/i,
    code: 'DATABASE_FAILED',
    hint: "The server's lock table is full. Raise max_locks_per_transaction (a restart) to four times the number of tables over max_connections, or dump in portions with schemas.",
  },
  {
    match: /\(2201B\)|invalid regular expression/i,
    code: 'INVALID_INPUT',
    hint: 'Check the patterns in tables, exclude-tables and schemas: brackets and parentheses are part of regular expressions; in double quotes a name stands for itself.',
  },
  {
    match: /no matching (tables|schemas) were found/i,
    code: 'INVALID_INPUT',
    hint: 'Check the patterns in tables and schemas against the database: unquoted names fold to lower case, and every pattern has to match something.',
  },
  {
    match: /server version mismatch/i,
    code: 'TOOL_TOO_OLD',
    hint: 'Run setup-pg18 before this step, so that pg_dump is at least as new as the server.',
  },
  {
    match: /No space left on device|\(53100\)/i,
    code: 'DISK_FULL',
    hint: 'Free some space on the disk that the message names.',
  },
]

/** The rule for a message, if one is known. */
export function explain(message: string): { readonly code: ErrorCode; readonly hint: string } | undefined {
  return RULES.find(rule => rule.match.test(message))
}

/** An error from opening a connection, with the address that was tried. */
export function connectionError(error: unknown, connection: Connection): OperatorError {
  const message = describe(error)
  const known = explain(message)
  return new OperatorError(
    known?.code ?? 'DATABASE_UNREACHABLE',
    `Could not connect to ${renderConnection(connection)} (sslmode ${connection.sslMode}): ${message}.`,
    { hint: known?.hint ?? 'Check database-url and that the server can be reached from here.', cause: error },
  )
}

/**
 * What a server said when it refused a session because of a setting: unknown, of a wrong value, not for this role, or not for a
 * session. Undefined for every other error.
 */
export function settingRefusal(error: unknown): string | undefined {
  if (!(error instanceof OperatorError) || !(error.cause instanceof Error)) return undefined
  return /\((42704|22023|42501|55P02)\)$/.test(describe(error.cause)) ? error.cause.message : undefined
}

/** An error from a statement of ours. */
export function statementError(error: unknown, connection: Connection): OperatorError {
  const message = describe(error)
  const known = explain(message)
  return new OperatorError(
    known?.code ?? 'DATABASE_FAILED',
    `${renderConnection(connection)} answered: ${message}.`,
    {
      hint: known?.hint ?? 'Look at the log of the server at this time.',
      cause: error,
    },
  )
}

/** The message with its SQLSTATE or errno, which the rules go by. */
function describe(error: unknown): string {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return `${errorMessage(error)}${code}`.replace(/\.$/, '')
}
