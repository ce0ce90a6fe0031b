import type { ErrorCode } from '../../core/errors.ts'

interface ErrorRule {
  /** SQLSTATEs, errnos, and Node's codes of TLS errors. What carries a code is judged by it alone. */
  readonly codes: readonly string[]
  /** The words of libpq, of the pg driver, and of tools: their errors carry no code. */
  readonly match?: RegExp
  readonly code: ErrorCode
  readonly hint: string
}

/** Node's codes for a certificate that is not trusted. */
export const CERTIFICATE_CODES = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]

/**
 * Its SQLSTATE is that of a full disk; only the routine that failed tells the two apart in every language.
 */
export const SHARED_MEMORY: ErrorRule = {
  codes: [],
  match: /could not (resize|map|open|create) shared memory segment/,
  code: 'DATABASE_FAILED',
  hint: 'The server has too little shared memory for parallel work, which is not its disk: a container has 64 MB of /dev/shm. Start it with --shm-size=1g, or with dynamic_shared_memory_type=mmap, or with max_parallel_workers_per_gather=0.',
}

/**
 * What servers, libpq and Node say when a connection or statement fails, and what to do about it. The same
 * table serves our own sessions, whose errors have codes, and pg_dump, which has only words. A role that a
 * statement names and that does not exist is no failed login, which is FATAL.
 */
const RULES: readonly ErrorRule[] = [
  {
    codes: [],
    match: /channel binding (is )?required/i,
    code: 'DATABASE_AUTH',
    hint: 'With channel_binding=require the server has to let this role log in by SCRAM over TLS: use sslmode=require or better, or take channel_binding out of database-url.',
  },
  {
    codes: ['28P01'],
    match: /password authentication failed|no password supplied|SASL.*(password|authentication)/i,
    code: 'DATABASE_AUTH',
    hint: 'Check the user and the password in database-url; special characters of the password must be percent-encoded.',
  },
  {
    codes: ['28000'],
    match: /no pg_hba\.conf entry|FATAL: +role ".*" (does not exist|is not permitted to log in)/i,
    code: 'DATABASE_AUTH',
    hint: "Check the user in database-url, whether it may log in, and whether the server's access rules let this machine in (sslmode included).",
  },
  {
    codes: ['3D000'],
    match: /FATAL: +database ".*" does not exist/i,
    code: 'DATABASE_AUTH',
    hint: 'Check the database name at the end of database-url.',
  },
  {
    codes: ['53300'],
    match: /too many (clients|connections)|remaining connection slots/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'All connections of the server are in use; a dump needs three. Close idle ones or raise the limit, then run again.',
  },
  {
    codes: CERTIFICATE_CODES,
    match: /certificate verify failed|does not match host name/i,
    code: 'DATABASE_UNREACHABLE',
    hint: "The server's certificate is not trusted with this sslmode. Give the provider's root certificate by sslrootcert=<file>, or use sslmode=require to encrypt without verifying.",
  },
  {
    codes: [],
    match: /server does not support SSL/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The server has no TLS; use sslmode=prefer or sslmode=disable if the network between is trusted.',
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN'],
    match: /could not translate host name/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The host name in database-url cannot be resolved. On Render use the external host name, from outside its network. A host with IPv6 alone is not found where the machine has none: use a pooler in session mode, or an address with IPv4.',
  },
  {
    // A read-only session is only ever cancelled with this SQLSTATE by a standby that replays.
    codes: ['40001'],
    match: /due to conflict with recovery/i,
    code: 'DATABASE_FAILED',
    hint: 'This standby had to take over a change of its primary that conflicts with the snapshot. Set hot_standby_feedback = on there, or raise max_standby_streaming_delay, or dump from the primary.',
  },
  {
    codes: ['57P01', '57P02', '08006', '08003', 'ECONNRESET', 'EPIPE'],
    match:
      /closed (the connection )?unexpectedly|Connection terminated|terminating connection|connection reset by peer|socket disconnected|not queryable/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'The server hung up. Check that it is not restarting, and that its IP allow list admits this machine (Render closes the connection of an address that is not on the list).',
  },
  {
    codes: ['57P03', 'ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT'],
    match:
      /timeout expired|Connection refused|Connection timed out|database system is (starting up|not yet accepting)|socket .* failed: No such file/i,
    code: 'DATABASE_UNREACHABLE',
    hint: 'Check host and port in database-url, that the server runs, and that its firewall admits this machine.',
  },
  {
    codes: ['42501'],
    match: /permission denied (for|to)|row-level security/i,
    code: 'DATABASE_PRIVILEGES',
    hint: 'Grant what is missing: GRANT pg_read_all_data TO <role>; and, for row security, ALTER ROLE <role> BYPASSRLS; or dump as the owner.',
  },
  {
    codes: ['55P03'],
    match: /lock timeout|statement timeout.*LOCK TABLE|LOCK TABLE[\s\S]*statement timeout/i,
    code: 'DATABASE_LOCKED',
    hint: 'Wait until the session that holds the lock is done, or raise lock-timeout.',
  },
  {
    codes: ['53200'],
    match: /out of shared memory|max_locks_per_transaction/i,
    code: 'DATABASE_FAILED',
    hint: "The server's lock table is full. Raise max_locks_per_transaction (a restart) to four times the number of tables over max_connections, or dump in portions with schemas.",
  },
  {
    codes: ['2201B'],
    match: /invalid regular expression/i,
    code: 'INVALID_INPUT',
    hint: 'Check the patterns in tables, exclude-tables and schemas: brackets and parentheses are part of regular expressions; put a name in double quotes to match it literally.',
  },
  {
    codes: [],
    match: /no matching (tables|schemas) were found/i,
    code: 'INVALID_INPUT',
    hint: 'Check the patterns in tables and schemas against the database: unquoted names fold to lower case, and every pattern has to match something.',
  },
  {
    codes: [],
    match: /server version mismatch/i,
    code: 'TOOL_TOO_OLD',
    hint: 'Run setup-pg18 before this step, so that pg_dump is at least as new as the server.',
  },
  SHARED_MEMORY,
  {
    codes: ['53100', 'ENOSPC'],
    match: /No space left on device/i,
    code: 'DISK_FULL',
    hint: 'Free some space on the disk that the message names.',
  },
]

/** A rule that no code and no words select, but the addresses that were tried. */
export const NO_IPV6: Explanation = {
  code: 'DATABASE_UNREACHABLE',
  hint: 'This machine has no route to IPv6 addresses; GitHub-hosted runners have none. Use an address with IPv4 in database-url: the host of a pooler in session mode (Supabase: the session pooler, port 5432), or the IPv4 address that the provider offers.',
}

export interface Explanation {
  readonly code: ErrorCode
  readonly hint: string
}

/** The rule for the words of a tool, which has no code to go by. */
export function explain(message: string): Explanation | undefined {
  return RULES.find(({ match }) => match?.test(message))
}

/** The rule for a code: a SQLSTATE, an errno, or Node's name of a TLS error. */
export function explainCode(code: string): Explanation | undefined {
  return RULES.find(({ codes }) => codes.includes(code))
}
