import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { getCACertificates, type ConnectionOptions as TlsOptions } from 'node:tls'
import { Client, type ClientConfig, type types } from 'pg'
import { type Connection, renderConnection } from '../core/connection.ts'
import { errorMessage, OperatorError } from '../core/errors.ts'
import { connectionError, statementError } from './session-error.ts'

/**
 * Timeouts that a server, database or role may impose; a backup session must outlive them all. Every name has its schema: the
 * database may have put another one before pg_catalog.
 */
const OPENING =
  "SELECT pg_catalog.pg_backend_pid()::pg_catalog.text AS pid, pg_catalog.count(pg_catalog.set_config(name, '0', false)) FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) ANY ('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout,idle_session_timeout,transaction_timeout}')"

/** How long a cancelled session may take to end its query on the server before it just hangs up. */
const CANCEL_GRACE_MS = 2000

/** One connection of ours. Values arrive as the text that PostgreSQL prints; null stays null. */
export interface Session extends AsyncDisposable {
  /** Rows as objects. Throws an OperatorError. */
  rows<T extends Record<string, string | null>>(sql: string, values?: readonly unknown[]): Promise<T[]>
  /** The one row; a statement that returns none is our defect. */
  row<T extends Record<string, string | null>>(sql: string, values?: readonly unknown[]): Promise<T>
  /** The server process behind this session. */
  readonly pid: string
  /** The process id that was announced when the connection started; a pooler makes one up. */
  readonly announcedPid: string | null
}

/** Everything as text: the manifest keeps exact values, and bigint does not fit into a number. */
const asText = { getTypeParser: () => (value: string | Buffer) => value } as unknown as typeof types

/**
 * Connects with the same meaning of sslmode as libpq and switches the session's own timeouts off. When the signal is
 * aborted the session ends, and whoever waits for it gets the signal's reason.
 * Throws DATABASE_UNREACHABLE or DATABASE_AUTH.
 */
export async function openSession(connection: Connection, signal?: AbortSignal): Promise<Session> {
  const client = await connect(connection, signal)
  let pid = ''
  let running = 0
  const end = async () => {
    signal?.removeEventListener('abort', end)
    if (running > 0)
      await Promise.race([cancelBackend(connection, pid), sleep(CANCEL_GRACE_MS)]).catch(() => {})
    await client.end().catch(() => {})
  }
  const rows = async <T>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    signal?.throwIfAborted()
    running += 1
    try {
      return (await client.query<T & Record<string, string | null>>(sql, [...values])).rows
    } catch (error) {
      throw signal?.aborted ? signal.reason : statementError(error, connection)
    } finally {
      running -= 1
    }
  }
  signal?.addEventListener('abort', end)
  const [opening] = await rows<{ pid: string }>(OPENING).catch(async error => {
    await end()
    throw error
  })
  pid = opening?.pid ?? ''
  return {
    rows,
    row: async <T>(sql: string, values?: readonly unknown[]) => {
      const [first] = await rows<T>(sql, values)
      if (first === undefined) throw new Error(`No row came back from: ${sql}`)
      return first
    },
    pid,
    announcedPid: announcedPid(client),
    [Symbol.asyncDispose]: end,
  }
}

/** Ends a running statement on the server: a backend that waits or scans does not notice that its client is gone. */
async function cancelBackend(connection: Connection, pid: string): Promise<void> {
  const client = await connect(connection)
  await client.query('SELECT pg_catalog.pg_cancel_backend($1)', [pid]).finally(() => client.end())
}

/** A cancellation ends the attempt at once: a server that says nothing would hold it for the whole connect_timeout. */
async function connect(connection: Connection, signal?: AbortSignal): Promise<Client> {
  const attempts = tlsAttempts(connection)
  for (const [i, ssl] of attempts.entries()) {
    signal?.throwIfAborted()
    const socket = new Socket()
    const client = new Client(clientConfig(connection, ssl, socket))
    forgetEnvironment(client, connection)
    // An error of an idle connection reaches the next query as well; without a listener it would end the process.
    client.on('error', () => {})
    const hangUp = () => socket.destroy(new Error('cancelled'))
    signal?.addEventListener('abort', hangUp)
    try {
      await client.connect()
      return client
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

function clientConfig(connection: Connection, ssl: TlsOptions | false, socket: Socket): ClientConfig {
  const { host, port, user, database, password, channelBinding } = connection
  return {
    host,
    port,
    user,
    database,
    // A function, so that a missing password never sends pg looking into ~/.pgpass.
    password: () => password?.reveal() ?? '',
    ssl,
    types: asText,
    keepAlive: true,
    application_name: 'pg-runbook',
    connectionTimeoutMillis: connection.connectTimeoutSeconds * 1000,
    enableChannelBinding: channelBinding !== 'disable' && ssl !== false,
    sslnegotiation: 'postgres',
    stream: () => socket,
  }
}

/**
 * What to try in turn: libpq's prefer takes TLS and falls back, allow is the reverse. A Unix socket has no TLS.
 * Source: libpq documentation, "SSL Mode Descriptions".
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
 * Where a root certificate is given, libpq verifies the server's chain in every mode; the host name is verify-full's
 * alone. Source: fe-secure-openssl.c, initialize_SSL.
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

function isTlsRefusal(error: unknown): boolean {
  return /no pg_hba\.conf entry|certificate|SSL|TLS/i.test(errorMessage(error))
}

/** BackendKeyData's process id; pg keeps it on the client, though its types do not say so. */
function announcedPid(client: Client): string | null {
  return 'processID' in client && typeof client.processID === 'number' ? String(client.processID) : null
}
