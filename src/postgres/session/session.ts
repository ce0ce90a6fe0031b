import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, QueryResult } from 'pg'
import { errorMessage } from '../../core/errors.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { connect, type Link } from './connect.ts'
import { statementError } from './driver-error.ts'
import { hasServerProcessOfItsOwn } from './pooler.ts'
import { READING_SETTINGS } from './reading-settings.ts'

/** How long a cancelled session may take to end its query on the server before it just hangs up. */
const CANCEL_GRACE_MS = 2000

/** One connection of ours. Values arrive as the text that PostgreSQL prints; null stays null. */
export interface Session extends AsyncDisposable {
  /** Rows as objects; of several statements those of the first. Throws an OperatorError. */
  rows<T extends Record<string, string | null>>(sql: string, values?: readonly unknown[]): Promise<T[]>
  /** The rows of each of several statements without values, in one round trip. */
  all(statements: readonly string[]): Promise<Array<Record<string, string | null>[]>>
  /** The one row; a statement that returns none is our defect. */
  row<T extends Record<string, string | null>>(sql: string, values?: readonly unknown[]): Promise<T>
  /** The server process behind this session. */
  readonly pid: string
  /** server_version_num */
  readonly version: number
  /** A pooler gives every statement the server process that is free: what a session sets, others inherit. */
  readonly isShared: boolean
  /** No statement is under way. */
  isIdle(): boolean
  /** The connection has ended, as far as this machine knows: the next statement fails. */
  isLost(): boolean
}

/**
 * `reading` is for everything that only reads a database of others: nothing of theirs runs with our rights,
 * and what would need to ends in an error. Where a pooler shares the server process, `readInTransaction` does
 * the same.
 */
export type SessionUse = 'reading' | 'writing'

/**
 * Connects, and switches off the timeouts that a server, database or role may impose, unless the server
 * process is shared with others; `settings` of its own come last. When the signal is aborted the session
 * ends, and statements reject with the signal's reason. Throws DATABASE_UNREACHABLE or DATABASE_AUTH.
 */
export async function openSession(
  connection: Connection,
  signal?: AbortSignal,
  use: SessionUse = 'writing',
  settings: Readonly<Record<string, string>> = {},
): Promise<Session> {
  return await beginSession(connection, await connect(connection, signal), signal, use, settings)
}

/** A session on a connection that is there; ends it on failure. */
export async function beginSession(
  connection: Connection,
  connected: Link,
  signal: AbortSignal | undefined,
  use: SessionUse,
  settings: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const link = new SessionLink(connection, connected, signal)
  try {
    return await link.open({ ...NO_TIMEOUTS, ...(use === 'reading' && READING_SETTINGS), ...settings })
  } catch (error) {
    await link.end()
    throw error
  }
}

/** The driver's connection of a session, and what it takes to end both. */
class SessionLink {
  readonly #connection: Connection
  readonly #link: Link
  readonly #signal: AbortSignal | undefined
  #pid = ''
  #running = 0

  constructor(connection: Connection, link: Link, signal: AbortSignal | undefined) {
    this.#connection = connection
    this.#link = link
    this.#signal = signal
    signal?.addEventListener('abort', this.end)
  }

  async open(settings: Readonly<Record<string, string>>): Promise<Session> {
    const { rows } = this
    const announced = announcedPid(this.#link.client)
    const [opening] = await rows<{ pid: string; version: string }>(openingQuery(announced, settings))
    const pid = opening?.pid ?? ''
    const isShared = pid !== announced && !(await hasServerProcessOfItsOwn(rows, pid, this.#connection))
    // Cancelling a shared process would cancel the statement of another client.
    if (!isShared) this.#pid = pid
    if (!isShared && pid !== announced) await rows(openingQuery(pid, settings))
    return {
      rows,
      all: this.all,
      row: oneRow(rows),
      pid,
      version: Number(opening?.version),
      isShared,
      isIdle: () => this.#running === 0,
      isLost: () => this.#link.lastWords() !== undefined,
      [Symbol.asyncDispose]: this.end,
    }
  }

  readonly rows = async <T>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    const [first] = await this.#query<T & Record<string, string | null>>(sql, values)
    return first?.rows ?? []
  }

  readonly all: Session['all'] = async statements => {
    const results = await this.#query<Record<string, string | null>>(statements.join('; '), [])
    return results.map(({ rows }) => rows)
  }

  /** The driver gives a list for a text of several statements. */
  async #query<T extends Record<string, string | null>>(
    sql: string,
    values: readonly unknown[],
  ): Promise<ReadonlyArray<QueryResult<T>>> {
    const { client, lastWords } = this.#link
    this.#signal?.throwIfAborted()
    this.#running += 1
    try {
      return [await client.query<T>(sql, [...values])].flat()
    } catch (error) {
      if (this.#signal?.aborted) throw this.#signal.reason
      const isGone = /not queryable/.test(errorMessage(error))
      throw statementError(isGone ? (lastWords() ?? error) : error, this.#connection)
    } finally {
      this.#running -= 1
    }
  }

  /** Cancels what still runs, on the server too. */
  readonly end = async (): Promise<void> => {
    const { client, hangUp } = this.#link
    const grace = () => sleep(CANCEL_GRACE_MS, undefined, { ref: false })
    this.#signal?.removeEventListener('abort', this.end)
    if (this.#running > 0)
      await Promise.race([cancelBackend(this.#connection, this.#pid), grace()]).catch(() => {})
    await Promise.race([client.end(), grace()]).catch(() => {})
    hangUp()
  }
}

const NO_TIMEOUTS = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
} as const

/**
 * Asks for the server process, and makes the session's settings where it is the one that was announced: a
 * pooler makes one up, and behind a pooler the settings may stay for others. Settings that the server lacks
 * are left out. Every name has its schema: the database may have put another one before pg_catalog.
 */
function openingQuery(ownPid: string | null, settings: Readonly<Record<string, string>>): string {
  const values = Object.entries(settings)
    .map(([name, value]) => `('${name}', '${value}')`)
    .join(', ')
  return `SELECT pg_catalog.pg_backend_pid()::pg_catalog.text AS pid, pg_catalog.current_setting('server_version_num') AS version, pg_catalog.count(
    CASE WHEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) ${Number(ownPid)} THEN pg_catalog.set_config(s.name, w.value, false) END)
    FROM (VALUES ${values}) AS w (name, value) JOIN pg_catalog.pg_settings s ON s.name OPERATOR(pg_catalog.=) w.name`
}

/** `row` of a session, made of its `rows`. */
export function oneRow(rows: Session['rows']): Session['row'] {
  return async (sql, values) => {
    const [first] = await rows<never>(sql, values)
    if (first === undefined) throw new Error(`No row came back from: ${sql}`)
    return first
  }
}

/**
 * Ends a running statement on the server: a backend that waits or scans does not notice that its client is
 * gone.
 */
async function cancelBackend(connection: Connection, pid: string): Promise<void> {
  if (pid === '') return
  const { client } = await connect(connection)
  await client.query('SELECT pg_catalog.pg_cancel_backend($1)', [pid]).finally(() => client.end())
}

/** BackendKeyData's process id; pg keeps it on the client, though its types do not say so. */
function announcedPid(client: Client): string | null {
  return 'processID' in client && typeof client.processID === 'number' ? String(client.processID) : null
}
