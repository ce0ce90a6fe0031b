import { Secret } from '../secret.ts'
import {
  type Connection,
  isSetting,
  refuseSeveralHosts,
  SETTINGS,
  type Setting,
  type Settings,
  toConnection,
} from './connection-settings.ts'
import { keepParameter } from './url-parameters.ts'

export type { Connection, SslMode } from './connection-settings.ts'

/**
 * Parses `postgresql://user:password@host:port/database?sslmode=require&…`, every part percent-decoded.
 * Throws a RangeError that never quotes the URL, because it may hold the password.
 */
export function parseConnectionUrl(text: string): Connection {
  if (/[\u0000-\u0020\u007f]/.test(text.trim())) {
    throw new RangeError('a connection URL has no spaces or control characters; write a space as %20')
  }
  if (text.includes('#')) throw new RangeError('the URL has a #, which must be written as %23')
  const url = toUrl(text.trim())
  const settings: Settings = {}
  setPart(settings, 'user', url.username)
  setPart(settings, 'password', url.password)
  if (url.hostname !== NO_HOST) setPart(settings, 'host', url.hostname.replace(/^\[(.*)\]$/, '$1'))
  setPart(settings, 'port', url.port)
  // Not url.pathname: there a database named . or .. would be a folder.
  setPart(settings, 'dbname', /^\w+:\/\/[^/?]*\/([^?]*)/.exec(text.trim())?.[1] ?? '')
  for (const [name, value] of parameters(url)) {
    const kept = keepParameter(name, value)
    if (kept !== undefined) settings[kept.setting] = kept.value
  }
  return toConnection(settings, 'the URL')
}

/** Variables that would lead libpq to another server, or to a password, and that are not read here. */
const NOT_READ = ['PGSERVICE', 'PGSERVICEFILE', 'PGHOSTADDR', 'PGPASSFILE'] as const

/**
 * Reads the PG* variables in SETTINGS. Throws a RangeError where the host, user or database is missing, and
 * for variables that would make psql connect to something else.
 */
export function connectionFromVariables(variables: Readonly<Record<string, string | undefined>>): Connection {
  const notRead = NOT_READ.filter(name => variables[name] && !(name === 'PGPASSFILE' && variables.PGPASSWORD))
  if (notRead.length > 0)
    throw new RangeError(
      `${notRead.join(', ')} is set, which is not read here; these are: ${Object.values(SETTINGS).join(', ')}`,
    )
  const settings: Settings = {}
  for (const [setting, variable] of Object.entries(SETTINGS)) {
    // A secret is often pasted with a line end behind it; no value that connects has one.
    const value = variables[variable]?.replace(/[\r\n]+$/, '')
    if (value && isSetting(setting)) settings[setting] = value
  }
  return toConnection(settings, 'the PG* environment')
}

/** The same server and credentials, another database. */
export function withDatabase(connection: Connection, database: string): Connection {
  return { ...connection, database }
}

/** `user@host:port/database`: for logs and records; no password. */
export function renderConnection({ user, host, port, database }: Connection): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`
}

/** The URL of a connection, for programs that take nothing else. It holds the password. */
export function connectionUrl(connection: Connection): Secret {
  const { host, port, user, password, database } = connection
  const login = [user, ...(password === undefined ? [] : [password.reveal()])]
    .map(encodeURIComponent)
    .join(':')
  const address = host.startsWith('/') ? '' : `${host.includes(':') ? `[${host}]` : host}:${port}`
  const parameters = {
    ...(host.startsWith('/') && { host, port: String(port) }),
    sslmode: connection.sslMode,
    sslrootcert: connection.sslRootCert,
    sslcert: connection.sslCert,
    sslkey: connection.sslKey,
    channel_binding: connection.channelBinding,
    options: connection.options,
  }
  // Not URLSearchParams, which writes a space as +: for libpq that is a plus.
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return new Secret(`postgresql://${login}@${address}/${encodeURIComponent(database)}?${given.join('&')}`)
}

/**
 * The PG* variables that make a libpq program open this connection. The password goes by a passfile, because
 * other users of the machine can read arguments and, on some systems, the environment. GSS encryption is
 * switched off: it would take precedence over sslmode (libpq docs, gssencmode).
 */
export function libpqVariables(connection: Connection, passfile: string): Readonly<Record<string, string>> {
  const optional = {
    PGSSLROOTCERT: connection.sslRootCert,
    PGSSLCERT: connection.sslCert,
    PGSSLKEY: connection.sslKey,
    PGCHANNELBINDING: connection.channelBinding,
    PGREQUIREAUTH: connection.requireAuth,
    PGOPTIONS: connection.options,
  }
  return {
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.user,
    PGDATABASE: connection.database,
    PGSSLMODE: connection.sslMode,
    PGPASSFILE: passfile,
    PGGSSENCMODE: 'disable',
    PGCONNECT_TIMEOUT: String(connection.connectTimeoutSeconds),
    PGAPPNAME: 'pg-runbook',
    ...Object.fromEntries(
      Object.entries(optional).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  }
}

/** The one line of a passfile that gives the password to any connection; empty where there is no password. */
export function passfileLine(connection: Connection): string {
  if (connection.password === undefined) return ''
  return `*:*:*:*:${connection.password.reveal().replace(/[\\:]/g, '\\$&')}\n`
}

/**
 * Stands for a host that comes as a parameter, as a socket does: libpq takes a login without a host before
 * it, a URL object does not.
 */
const NO_HOST = 'no-host.invalid'

function toUrl(text: string): URL {
  if (!/^postgres(ql)?:\/\//.test(text))
    throw new RangeError('expected postgresql://user:password@host:port/database')
  const authority = text.slice(text.indexOf('//') + 2).split(/[/?]/)[0] ?? ''
  refuseSeveralHosts(authority.slice(authority.lastIndexOf('@') + 1), 'the URL')
  try {
    return new URL(
      text
        .replace(/^postgres:/, 'postgresql:')
        .replace(/^(\w+:\/\/(?:[^/?]*@)?)(?=(?::\d*)?(?:[/?]|$))/, `$1${NO_HOST}`),
    )
  } catch {
    throw new RangeError(
      'it is not a URL: percent-encode the special characters of the password, / as %2F, # as %23, ? as %3F',
    )
  }
}

function setPart(settings: Settings, name: Setting, encoded: string): void {
  if (encoded !== '') settings[name] = decode(encoded, name)
}

function decode(encoded: string, name: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new RangeError(
      `the ${name} in the URL has a % that is not followed by two hex digits; write % as %25`,
    )
  }
}

/** As libpq reads them: percent-decoded only, where the WHATWG rules would turn + into a space. */
function parameters(url: URL): ReadonlyArray<readonly [string, string]> {
  const pairs = url.search
    .slice(1)
    .split('&')
    .filter(pair => pair !== '')
  return pairs.map(pair => {
    const [name = '', ...value] = pair.split('=')
    return [decode(name, 'parameter'), decode(value.join('='), name)] as const
  })
}
