import { isSetting, SETTINGS, type Setting } from './connection-settings.ts'

/**
 * Parameters of libpq that change neither the server nor who is trusted: we have values of our own, or no use
 * for them.
 */
const WITHOUT_EFFECT = new Set([
  'application_name',
  'client_encoding',
  'fallback_application_name',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'load_balance_hosts',
  'max_protocol_version',
  'min_protocol_version',
  'sslcompression',
  'sslnegotiation',
  'sslsni',
  'target_session_attrs',
  'tcp_user_timeout',
])

/**
 * Parameters of ORMs and drivers that are no business of the server's: the application's URL is used as it
 * is.
 */
const OF_DRIVERS = new Set([
  'binary_parameters',
  'connection_limit',
  'pgbouncer',
  'pool',
  'pool_max_conns',
  'pool_min_conns',
  'pool_size',
  'pool_timeout',
  'prepareThreshold',
  'preparedStatements',
  'prepared_statements',
  'schema',
  'socket_timeout',
  'statement_cache_size',
  'uselibpqcompat',
])

/** Parameters that decide who is trusted, or which server it is: they are not ignored. */
const GUARDING = new Set([
  'gssdelegation',
  'hostaddr',
  'krbsrvname',
  'passfile',
  'replication',
  'require_auth',
  'requirepeer',
  'service',
  'servicefile',
  'sslaccept',
  'sslcertmode',
  'sslcrl',
  'sslcrldir',
  'sslpassword',
  'ssl_max_protocol_version',
  'ssl_min_protocol_version',
])

/** Drivers' ways to set the search path, and libpq's. */
const SEARCH_PATH = new Set(['search_path', 'currentSchema'])

/**
 * What a URL parameter means here; undefined where it has no effect. Throws a RangeError that names the
 * parameter where ignoring it would change what the URL says.
 */
export function keepParameter(
  name: string,
  value: string,
): { readonly setting: Setting; readonly value: string } | undefined {
  if (isSetting(name)) return { setting: name, value }
  // JDBC's spelling, which libpq takes too.
  if (name === 'ssl' && value === 'true') return { setting: 'sslmode', value: 'require' }
  if (WITHOUT_EFFECT.has(name) || OF_DRIVERS.has(name)) return undefined
  // GSS encryption is always off here.
  if (name === 'gssencmode' && value !== 'require') return undefined
  if (SEARCH_PATH.has(name))
    throw new RangeError(
      `the URL has the parameter "${name}", which only some drivers know; write options=-c%20search_path%3D<schemas>`,
    )
  if (GUARDING.has(name) || name === 'gssencmode')
    throw new RangeError(
      `the URL has the parameter "${name}", which decides who is trusted and is not supported here; remove it from this URL`,
    )
  throw new RangeError(
    `the URL has the parameter "${name}", which is not known here; accepted: ${Object.keys(SETTINGS).join(', ')}`,
  )
}
