import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, QueryResult } from 'pg'
import { errorMessage } from '../../core/errors.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { connect } from './connect.ts'
import { statementError } from './error-rules.ts'
import { hasServerProcessOfItsOwn } from './pooler.ts'

/** How long a cancelled session may take to end its query on the server before it just hangs up. */
const CANCEL_GRACE_MS = 2000

/** One connection of ours. Values arrive as the text that PostgreSQL prints; null stays null. */
export interface Session extends AsyncDisposable {
  /** Rows as objects; of several statements those of the first. Throws an OperatorError. */
  rows<T extends Record<string, string | null>>(sql: string, values?: readonly unknown[]): Promise<T[]>
  /** The one row; a statement that returns none is our defect. */
  row<T extends Record<string, string | null>>(sql: string, values?: readonly unknown[]): Promise<T>
  /** The server process behind this session. */
  readonly pid: string
  /** A pooler gives every statement the server process that is free: what a session sets, others inherit. */
  readonly isShared: boolean
  /** No statement is under way. */
  isIdle(): boolean
}

/**
 * Connects and switches off the timeouts that a server, database or role may impose, unless the server process is shared with
 * others. When the signal is aborted the session ends, and whoever waits for it gets the signal's reason.
 * Throws DATABASE_UNREACHABLE or DATABASE_AUTH.
 */
export async function openSession(connection: Connection, signal?: AbortSignal): Promise<Session> {
  const { client, hangUp, lastWords } = await connect(connection, signal)
  let pid = ''
  let running = 0
  const end = async () => {
    signal?.removeEventListener('abort', end)
    if (running > 0)
      await Promise.race([
        cancelBackend(connection, pid),
        sleep(CANCEL_GRACE_MS, undefined, { ref: false }),
      ]).catch(() => {})
    await Promise.race([client.end(), sleep(CANCEL_GRACE_MS, undefined, { ref: false })]).catch(() => {})
    hangUp()
  }
  const rows = async <T>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    signal?.throwIfAborted()
    running += 1
    try {
      return firstResult(await client.query<T & Record<string, string | null>>(sql, [...values])).rows
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      const isGone = /not queryable/.test(errorMessage(error))
      throw statementError(isGone ? (lastWords() ?? error) : error, connection)
    } finally {
      running -= 1
    }
  }
  signal?.addEventListener('abort', end)
  try {
    const announced = announcedPid(client)
    const [opening] = await rows<{ pid: string }>(openingQuery(announced))
    const openedPid = opening?.pid ?? ''
    const isShared = openedPid !== announced && !(await hasServerProcessOfItsOwn(rows, openedPid, connection))
    // Who cancels a process that is shared cancels the statement of somebody else.
    if (!isShared) pid = openedPid
    if (!isShared && openedPid !== announced) await rows(openingQuery(openedPid))
    return {
      rows,
      row: oneRow(rows),
      pid: openedPid,
      isShared,
      isIdle: () => running === 0,
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

/**
 * Asks for the server process, and switches the timeouts off where it is the one that was announced: a pooler makes one up, and
 * behind a pooler the settings may stay for others. Every name has its schema: the database may have put another one before
 * pg_catalog.
 */
function openingQuery(ownPid: string | null): string {
  return `SELECT pg_catalog.pg_backend_pid()::pg_catalog.text AS pid, pg_catalog.count(
    CASE WHEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) ${Number(ownPid)} THEN pg_catalog.set_config(name, '0', false) END)
    FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) ANY ('{statement_timeout,lock_timeout,idle_in_transaction_session_timeout,idle_session_timeout,transaction_timeout}')`
}

/** `row` of a session, made of its `rows`. */
export function oneRow(rows: Session['rows']): Session['row'] {
  return async (sql, values) => {
    const [first] = await rows<never>(sql, values)
    if (first === undefined) throw new Error(`No row came back from: ${sql}`)
    return first
  }
}

/** pg returns a list for a text of several statements. */
function firstResult<T extends Record<string, string | null>>(
  result: QueryResult<T> | readonly QueryResult<T>[],
): { readonly rows: T[] } {
  return [result].flat()[0] ?? { rows: [] }
}

/** Ends a running statement on the server: a backend that waits or scans does not notice that its client is gone. */
async function cancelBackend(connection: Connection, pid: string): Promise<void> {
  if (pid === '') return
  const { client } = await connect(connection)
  await client.query('SELECT pg_catalog.pg_cancel_backend($1)', [pid]).finally(() => client.end())
}

/** BackendKeyData's process id; pg keeps it on the client, though its types do not say so. */
function announcedPid(client: Client): string | null {
  return 'processID' in client && typeof client.processID === 'number' ? String(client.processID) : null
}
