import type { Connection } from './connection.ts'

/** One setting of a session: `logi.allow_audit_purge` = `yes`. */
export interface SessionSetting {
  readonly name: string
  readonly value: string
}

/**
 * What a server, database or role may have set, and what would end a long restore or refuse its writes. pg_restore
 * switches the first four off itself once it is connected, but not the next two; a setting of the connection wins over those of role and
 * database. Servers below 17 do not know all of them. The last one lets a server notice within seconds that a killed client is gone, and give its locks back.
 */
const UNHURRIED: readonly SessionSetting[] = [
  { name: 'statement_timeout', value: '0' },
  { name: 'lock_timeout', value: '0' },
  { name: 'idle_in_transaction_session_timeout', value: '0' },
  { name: 'transaction_timeout', value: '0' },
  { name: 'idle_session_timeout', value: '0' },
  { name: 'default_transaction_read_only', value: 'off' },
  { name: 'client_connection_check_interval', value: '2s' },
]

/** Parses `name=value`; the value may be empty or hold further equals signs. Throws a RangeError. */
export function parseSessionSetting(line: string): SessionSetting {
  const match = /^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*=\s*(.*)$/.exec(line)
  if (match === null)
    throw new RangeError('expected one name=value a line, such as logi.allow_audit_purge=yes')
  return { name: match[1] ?? '', value: match[2] ?? '' }
}

/** `logi.allow_audit_purge=yes` */
export function renderSessionSetting({ name, value }: SessionSetting): string {
  return `${name}=${value}`
}

/**
 * The connection with settings for every session that is opened with it, by whatever program: libpq takes them from
 * PGOPTIONS, so that parallel workers of pg_restore have them too. The given settings come last and win.
 */
export function withRestoreSettings(connection: Connection, settings: readonly SessionSetting[]): Connection {
  const all = [...UNHURRIED, ...settings].map(
    setting => `-c ${escapeArgument(renderSessionSetting(setting))}`,
  )
  return { ...connection, options: [connection.options ?? '', ...all].join(' ').trim() }
}

/** In PGOPTIONS white space parts arguments and a backslash takes the meaning from the next character (libpq docs, options). */
function escapeArgument(argument: string): string {
  return argument.replace(/[\\\s]/g, '\\$&')
}
