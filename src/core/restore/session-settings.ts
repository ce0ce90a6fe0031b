import type { Connection } from '../pg/connection.ts'

/** One setting of a session: `app.allow_audit_purge` = `yes`. */
export interface SessionSetting {
  readonly name: string
  readonly value: string
}

/**
 * A role that put a schema before pg_catalog, or functions into a schema that others use, would have them run
 * with the rights of the restoring role (CVE-2018-1058). Every server knows this one.
 */
const SAFE_PATH: SessionSetting = { name: 'search_path', value: '' }

/**
 * What a server, database or role may have set, and what would end a long restore or refuse its writes.
 * pg_restore switches the first four off itself once it is connected, but not the next two; a setting of the
 * connection wins over those of role and database. Servers below 17 do not know all of them.
 */
const UNHURRIED: readonly SessionSetting[] = [
  { name: 'statement_timeout', value: '0' },
  { name: 'lock_timeout', value: '0' },
  { name: 'idle_in_transaction_session_timeout', value: '0' },
  { name: 'transaction_timeout', value: '0' },
  { name: 'idle_session_timeout', value: '0' },
  { name: 'default_transaction_read_only', value: 'off' },
  // A serializable, deferrable session that only reads would wait until our own transaction is over, which
  // waits for its safety backup.
  { name: 'default_transaction_isolation', value: 'read committed' },
  { name: 'default_transaction_deferrable', value: 'off' },
  // What our statements are written in.
  { name: 'standard_conforming_strings', value: 'on' },
  SAFE_PATH,
]

/**
 * How a server notices that we are gone, and gives our locks back. While a statement runs it looks at the
 * connection every two seconds, and sees what the kernel of a killed client has said; a machine that is lost
 * says nothing, so that only its silence tells: keepalives do while the server waits for us, and the last one
 * while it has something to send. Source: PostgreSQL documentation, TCP settings.
 */
const NOTICED: readonly SessionSetting[] = [
  { name: 'client_connection_check_interval', value: '2s' },
  { name: 'tcp_keepalives_idle', value: '30' },
  { name: 'tcp_keepalives_interval', value: '10' },
  { name: 'tcp_keepalives_count', value: '6' },
  { name: 'tcp_user_timeout', value: '90s' },
]

/** Parses `name=value`; the value may be empty or hold further equals signs. Throws a RangeError. */
export function parseSessionSetting(line: string): SessionSetting {
  const match = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*=\s*(.*)$/.exec(line)
  if (match === null)
    throw new RangeError('expected one name=value per line, such as app.allow_audit_purge=yes')
  return { name: match[1] ?? '', value: match[2] ?? '' }
}

/** `app.allow_audit_purge=yes` */
export function renderSessionSetting({ name, value }: SessionSetting): string {
  return `${name}=${value}`
}

/**
 * The connection with settings for every session that is opened with it, by any program: libpq takes
 * them from PGOPTIONS, so that parallel workers of pg_restore have them too. The given settings come last and
 * win.
 */
export function withRestoreSettings(connection: Connection, settings: readonly SessionSetting[]): Connection {
  return withSettings(connection, [...UNHURRIED, ...NOTICED, ...settings])
}

/** The connection for reading from a server that is not known yet. */
export function withSafePath(connection: Connection): Connection {
  return withSettings(connection, [SAFE_PATH])
}

/** The connection with settings of the source's database. Those that it has already win. */
export function withSourceSettings(connection: Connection, settings: readonly SessionSetting[]): Connection {
  return {
    ...connection,
    options: [...settings.map(renderOption), connection.options ?? ''].join(' ').trim(),
  }
}

function withSettings(connection: Connection, settings: readonly SessionSetting[]): Connection {
  return {
    ...connection,
    options: [connection.options ?? '', ...settings.map(renderOption)].join(' ').trim(),
  }
}

function renderOption(setting: SessionSetting): string {
  return `-c ${escapeArgument(renderSessionSetting(setting))}`
}

/**
 * In PGOPTIONS white space parts arguments and a backslash takes the meaning from the next character (libpq
 * docs, options).
 */
function escapeArgument(argument: string): string {
  return argument.replace(/[\\\s]/g, '\\$&')
}
