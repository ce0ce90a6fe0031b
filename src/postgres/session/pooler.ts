import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from '../../core/pg/connection.ts'
import { connect } from './connect.ts'

/** A pooler answers at once, or it has no server connection to give. */
const LIMIT_MS = 5000

const PID = 'SELECT pg_catalog.pg_backend_pid()::pg_catalog.text AS pid'

type Rows = (sql: string) => Promise<ReadonlyArray<{ readonly pid: string }>>

/**
 * Tells a pooler in session mode from one in transaction mode (PgBouncer, Supavisor on 6543, Neon's -pooler
 * hosts): a second connection holds a transaction open, must not get the first one's server process, and the
 * first one must keep it. With a pool of one, the one that has the process keeps the other waiting. Nothing
 * is set meanwhile, for it would stay there for others.
 */
export async function hasServerProcessOfItsOwn(
  rows: Rows,
  pid: string,
  connection: Connection,
): Promise<boolean> {
  const { client, hangUp } = await connect(connection)
  try {
    const other = await inTime(client.query('BEGIN').then(() => client.query<{ pid: string }>(PID)))
    if (other === undefined) return true
    const now = await inTime(rows(PID))
    return other.rows[0]?.pid !== pid && now?.[0]?.pid === pid
  } finally {
    hangUp()
  }
}

async function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  // The loser of the race may still fail, when its connection is closed.
  answer.catch(() => {})
  return await Promise.race([answer, sleep(LIMIT_MS, undefined, { ref: false })])
}
