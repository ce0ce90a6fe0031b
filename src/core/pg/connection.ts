import { Secret } from '../secret.ts'

/** libpq's sslmode values, weakest first. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof SSL_MODES)[number]

/** One way to reach one database. Everything but the password may be shown. */
export interface Connection {
  /** A host name, an address, or the directory of a Unix socket (it starts with a slash). */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret | undefined
  readonly database: string
  readonly sslMode: SslMode
  /** A file with root certificates, or `system` for those of the machine; undefined where nothing is verified. */
  readonly sslRootCert: string | undefined
  readonly sslCert: string | undefined
  readonly sslKey: string | undefined
  readonly channelBinding: string | undefined
  /** Only a server that proves by SCRAM that it knows the password is believed. */
  readonly requireAuth?: 'scram-sha-256'
  /** Server settings for the session, in PGOPTIONS syntax. */
  readonly options: string | undefined
  readonly connectTimeoutSeconds: number
}

const DEFAULT_PORT = 5432
const DEFAULT_CONNECT_TIMEOUT_SECONDS = 30

/** URL parameters and the environment variables that mean the same: libpq's own names. */
const SETTINGS = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  dbname: 'PGDATABASE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  channel_binding: 'PGCHANNELBINDING',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
} as const

type Setting = keyof typeof SETTINGS
type Settings = Partial<Record<Setting, string>>

/** Accepted in a URL and of no consequence here: we name our sessions, and GSS encryption is always off. */
const IGNORED_PARAMETERS = new Set(['application_name', 'gssencmode', 'fallback_application_name'])

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
    if (IGNORED_PARAMETERS.has(name)) continue
    // JDBC's spelling, which libpq takes too.
    if (name === 'ssl' && value === 'true') settings.sslmode = 'require'
    else if (isSetting(name)) settings[name] = value
    else
      throw new RangeError(
        `the URL has the parameter "${name}", which means nothing here; accepted: ${Object.keys(SETTINGS).join(', ')}`,
      )
  }
  return toConnection(settings, 'the URL')
}

/** Variables that would lead libpq to another server, or to a password, and that are not read here. */
const NOT_READ = ['PGSERVICE', 'PGSERVICEFILE', 'PGHOSTADDR', 'PGPASSFILE'] as const

/**
 * Reads the PG* variables in SETTINGS. Throws a RangeError where the host, user or database is missing, and for variables that
 * cannot be passed over without connecting to something else than psql does.
 */
export function connectionFromVariables(variables: Readonly<Record<string, string | undefined>>): Connection {
  const notRead = NOT_READ.filter(name => variables[name] && !(name === 'PGPASSFILE' && variables.PGPASSWORD))
  if (notRead.length > 0)
    throw new RangeError(
      `${notRead.join(', ')} is set, which is not read here; these are: ${Object.values(SETTINGS).join(', ')}`,
    )
  const settings: Settings = {}
  for (const [setting, variable] of Object.entries(SETTINGS)) {
    const value = variables[variable]
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
 * The PG* variables that make a libpq program open this connection. The password goes by a passfile, because other
 * users of the machine can read arguments and, on some systems, the environment. GSS encryption is switched off: it
 * would take precedence over sslmode (libpq docs, gssencmode).
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

/** Stands for a host that comes as a parameter, as a socket does: libpq takes a login without a host before it, a URL object does not. */
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

function refuseSeveralHosts(host: string, where: string): void {
  if (host.includes(',')) throw new RangeError(`${where} names several hosts; name the one to connect to`)
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

function isSetting(name: string): name is Setting {
  return Object.hasOwn(SETTINGS, name)
}

function toConnection(settings: Settings, where: string): Connection {
  const missing = (['host', 'user', 'dbname'] as const).filter(name => !settings[name])
  if (missing.length > 0)
    throw new RangeError(`${where} lacks the ${missing.join(', the ').replace('dbname', 'database')}`)
  refuseSeveralHosts(settings.host ?? '', where)
  const tls = parseTls(settings)
  const { password } = settings
  if (password !== undefined && /[\r\n\0]/.test(password)) {
    throw new RangeError('the password has a line break, which PostgreSQL cannot take from a passfile')
  }
  return Object.freeze({
    host: settings.host ?? '',
    port: parseWhole(settings.port ?? String(DEFAULT_PORT), 'port', 1, 65_535),
    user: settings.user ?? '',
    password: password === undefined ? undefined : new Secret(password),
    database: settings.dbname ?? '',
    ...tls,
    sslCert: settings.sslcert,
    sslKey: settings.sslkey,
    channelBinding: parseChannelBinding(settings.channel_binding),
    options: settings.options,
    connectTimeoutSeconds: parseWhole(
      settings.connect_timeout ?? String(DEFAULT_CONNECT_TIMEOUT_SECONDS),
      'connect_timeout',
      0,
      3600,
    ),
  })
}

/**
 * The mode and the roots to verify with, as libpq combines them: `sslrootcert=system` goes with verify-full only, and
 * makes it the default. For verify-full without a file libpq would look for ~/.postgresql/root.crt, which no runner
 * has; the machine's own roots are what is meant.
 */
function parseTls({ sslmode, sslrootcert }: Settings): Pick<Connection, 'sslMode' | 'sslRootCert'> {
  const sslMode = parseSslMode(sslmode ?? (sslrootcert === 'system' ? 'verify-full' : 'prefer'))
  if (sslrootcert === 'system' && sslMode !== 'verify-full') {
    throw new RangeError(`sslrootcert=system goes with sslmode=verify-full only, not with ${sslMode}`)
  }
  if (sslrootcert === undefined && sslMode === 'verify-ca') {
    throw new RangeError(
      "sslmode=verify-ca needs sslrootcert=<file>; with the machine's own roots use sslmode=verify-full",
    )
  }
  return { sslMode, sslRootCert: sslrootcert ?? (sslMode === 'verify-full' ? 'system' : undefined) }
}

function parseChannelBinding(text: string | undefined): string | undefined {
  if (text === undefined || ['disable', 'prefer', 'require'].includes(text)) return text
  throw new RangeError(`channel_binding is "${text}"; expected disable, prefer, require`)
}

function parseSslMode(text: string): SslMode {
  const mode = SSL_MODES.find(candidate => candidate === text)
  if (mode === undefined) throw new RangeError(`sslmode is "${text}"; expected ${SSL_MODES.join(', ')}`)
  return mode
}

function parseWhole(text: string, name: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new RangeError(`${name} is "${text}"; expected a whole number from ${least} to ${most}`)
  }
  return value
}
