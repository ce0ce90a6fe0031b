import type { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { getCACertificates, type ConnectionOptions as TlsOptions } from 'node:tls'
import { Client, type ClientConfig, type types } from 'pg'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { type Connection, renderConnection } from '../../core/pg/connection.ts'
import { connectionError, isTlsRefusal } from './driver-error.ts'

/**
 * A connection that says nothing is forgotten by what lies between, often after 4 minutes (Azure), and its
 * end then goes unreported. The system's own probes begin after two hours.
 */
const KEEPALIVE_IDLE_MS = 30_000

/** A connection of the driver, and the way to drop it where the server no longer answers. */
export interface Link {
  readonly client: Client
  hangUp(): void
  /**
   * What the server said when it ended the connection between two queries; the next query only tells that it
   * is gone.
   */
  lastWords(): unknown
}

/** Everything as text: the manifest keeps exact values, and bigint does not fit into a number. */
const asText = { getTypeParser: () => (value: string | Buffer) => value } as unknown as typeof types

/**
 * Connects with the same meaning of sslmode as libpq. A cancellation ends the attempt at once: a server that
 * says nothing would hold it for the whole connect_timeout. A server that wants the password waits for
 * `mayLogIn`. Throws DATABASE_UNREACHABLE or DATABASE_AUTH.
 */
export async function connect(
  connection: Connection,
  signal?: AbortSignal,
  mayLogIn?: Promise<unknown>,
): Promise<Link> {
  const attempts = tlsAttempts(connection)
  for (const [i, ssl] of attempts.entries()) {
    signal?.throwIfAborted()
    const socket = new Socket()
    const client = new Client(clientConfig(connection, ssl, socket, mayLogIn))
    forgetEnvironment(client, connection)
    if (connection.channelBinding === 'require') requireChannelBinding(client, ssl)
    const isProven = connection.requireAuth === undefined ? () => true : requireScram(client)
    let lastWords: unknown
    // Without a listener an error of an idle connection would end the process.
    client.on('error', error => {
      lastWords ??= error
    })
    const hangUp = () => socket.destroy(new Error('cancelled'))
    signal?.addEventListener('abort', hangUp)
    try {
      await client.connect()
      if (!isProven()) throw new Error('the server did not prove by SCRAM that it knows the password')
      return { client, hangUp: () => void socket.destroy(), lastWords: () => lastWords }
    } catch (error) {
      socket.destroy()
      signal?.throwIfAborted()
      const mayFallBack = i + 1 < attempts.length && isTlsRefusal(error)
      if (!mayFallBack) throw connectionError(error, connection)
    } finally {
      signal?.removeEventListener('abort', hangUp)
    }
  }
  throw new Error(`No way to connect to ${renderConnection(connection)}`)
}

/** pg takes from PGOPTIONS what a connection does not say; pg_dump runs without the job's PG* variables. */
function forgetEnvironment(client: Client, { options }: Connection): void {
  Object.assign(Object(Reflect.get(client, 'connectionParameters')), { options })
}

/**
 * As libpq has it, the password is for a server that binds the login to the TLS connection, and for no other:
 * with sslmode=require its certificate is not verified.
 */
function requireChannelBinding(client: Client, ssl: TlsOptions | false): void {
  const asks: EventEmitter = Reflect.get(client, 'connection')
  const refuse = () => {
    throw new Error('channel binding is required, and this server does not offer it')
  }
  const keep = () => Object.assign(client, { password: refuse })
  asks.on('authenticationCleartextPassword', keep)
  asks.on('authenticationMD5Password', keep)
  asks.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
    if (ssl === false || !mechanisms.includes('SCRAM-SHA-256-PLUS')) keep()
  })
}

/**
 * As libpq's require_auth: a server that asks for no password, or for the password itself, may be another one
 * that has taken the port. Returns whether the server has proven itself: pg compares its signature before it
 * takes the login for done.
 */
function requireScram(client: Client): () => boolean {
  const asks: EventEmitter = Reflect.get(client, 'connection')
  let isProven = false
  const refuse = () => {
    throw new Error('SCRAM is required, and this server asks for the password in another way')
  }
  for (const event of ['authenticationCleartextPassword', 'authenticationMD5Password'])
    asks.prependListener(event, () => Object.assign(client, { password: refuse }))
  asks.on('authenticationSASLFinal', () => {
    isProven = true
  })
  return () => isProven
}

function clientConfig(
  connection: Connection,
  ssl: TlsOptions | false,
  socket: Socket,
  mayLogIn: Promise<unknown> | undefined,
): ClientConfig {
  const { host, port, user, database, password, channelBinding } = connection
  return {
    host,
    port,
    user,
    database,
    // A function, so that a missing password never sends pg looking into ~/.pgpass.
    password: async () => {
      await mayLogIn
      return password?.reveal() ?? ''
    },
    ssl,
    types: asText,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_IDLE_MS,
    application_name: 'pg-runbook',
    connectionTimeoutMillis: connection.connectTimeoutSeconds * 1000,
    enableChannelBinding: channelBinding !== 'disable' && ssl !== false,
    sslnegotiation: 'postgres',
    stream: () => socket,
  }
}

/**
 * What to try in turn: libpq's prefer takes TLS and falls back, allow is the reverse. A Unix socket has no
 * TLS. Source: libpq documentation, "SSL Mode Descriptions".
 */
function tlsAttempts(connection: Connection): ReadonlyArray<TlsOptions | false> {
  if (connection.host.startsWith('/')) return [false]
  switch (connection.sslMode) {
    case 'disable':
      return [false]
    case 'allow':
      return [false, tlsOptions(connection)]
    case 'prefer':
      return [tlsOptions(connection), false]
    default:
      return [tlsOptions(connection)]
  }
}

/**
 * Where a root certificate is given, libpq verifies the server's chain in every mode; the host name is
 * verify-full's alone. Source: fe-secure-openssl.c, initialize_SSL.
 */
function tlsOptions(connection: Connection): TlsOptions {
  const { sslMode, sslRootCert, sslCert, sslKey } = connection
  const verify = sslRootCert !== undefined || sslMode.startsWith('verify-')
  const options: TlsOptions = { rejectUnauthorized: verify }
  if (sslRootCert !== undefined) {
    options.ca = sslRootCert === 'system' ? getCACertificates('system') : readPem('sslrootcert', sslRootCert)
  }
  if (sslMode !== 'verify-full') options.checkServerIdentity = () => undefined
  if (sslCert !== undefined) options.cert = readPem('sslcert', sslCert)
  if (sslKey !== undefined) options.key = readPem('sslkey', sslKey)
  return options
}

function readPem(setting: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new OperatorError(
      'INVALID_INPUT',
      `${setting} is ${path}, which cannot be read: ${errorMessage(error)}.`,
      {
        hint: `Write the file in a step before this one, or leave ${setting} out.`,
        cause: error,
      },
    )
  }
}
