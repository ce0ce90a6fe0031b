import { Secret } from '../secret.ts'

/** libpq's sslmode values, weakest first. */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
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
  /**
   * A file with root certificates, or `system` for those of the machine; undefined where nothing is verified.
   */
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
export const SETTINGS = {
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

export type Setting = keyof typeof SETTINGS
export type Settings = Partial<Record<Setting, string>>

export function isSetting(name: string): name is Setting {
  return Object.hasOwn(SETTINGS, name)
}

export function toConnection(settings: Settings, where: string): Connection {
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
 * The mode and the roots to verify with, as libpq combines them: `sslrootcert=system` goes with verify-full
 * only, and makes it the default. For verify-full without a file libpq would look for ~/.postgresql/root.crt,
 * which no runner has; the machine's own roots are what is meant.
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

export function refuseSeveralHosts(host: string, where: string): void {
  if (host.includes(',')) throw new RangeError(`${where} names several hosts; name the one to connect to`)
}
