import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from '../../core/errors.ts'
import { queryHead } from '../../core/pg/redact-query.ts'
import type { Session } from '../session/session.ts'

/** At most a twelfth of lock-timeout between two looks, and a quarter where it is short. */
const [SHORTEST_INTERVAL_MS, INTERVAL_MS, LONGEST_INTERVAL_MS] = [50, 1000, 5000]
/** What else the session is asked waits no longer at a time, so that looks come in between. */
const LOCK_MS = 5000
/** Of the session that watches. */
export const WATCHING_SETTINGS = { lock_timeout: String(LOCK_MS) } as const
/** A change of a sequence is done by then, or DATABASE_LOCKED says that it is not. */
const LONGEST_WAIT_MS = 60_000
/** A session that says nothing for longer may be dropped by what lies between, without notice. */
const SILENCE_MS = 30_000
/** An answer of no effort comes within this time, or the connection is dead. */
const ANSWER_MS = 60_000

/**
 * Watches the locks around a dump, on a session of its own. Disposing ends the watch, not the session.
 */
export interface LockWatch extends Disposable {
  /** The sessions that blocked the dump at the last look, as sentences. */
  inTheWay(): readonly string[]
  /**
   * Rejects with DATABASE_LOCKED when another session has waited for the dump as long as it may, and with
   * DATABASE_UNREACHABLE when the server no longer answers, or when the holder's connection is gone. Never
   * resolves.
   */
  readonly alarm: Promise<never>
  /**
   * Reads on the session of the watch, between two looks and after the last. Waits for locks for a minute,
   * then throws DATABASE_LOCKED.
   */
  read<T>(work: (session: Session) => Promise<T>): Promise<T>
}

/**
 * A statement that waits for our locks, an ALTER TABLE say, makes later statements wait too,
 * readers included: the dump must not be what a site waits for. So it aborts after the time that it would
 * itself wait for a lock. `session` has the WATCHING_SETTINGS.
 */
export function watchLocks(session: Session, holder: Session, lockTimeoutMs: number): LockWatch {
  const intervalMs = intervalFor(lockTimeoutMs)
  const stop = new AbortController()
  let inTheWay: readonly string[] = []
  const look = async () => {
    const waits = await inTime(session.rows<Wait>(WAITS, [holder.pid]))
    inTheWay = waits.filter(wait => wait.place === 'before').map(describe)
    const behind = waits.find(
      wait => wait.place === 'behind' && Number(wait.waited) > lockTimeoutMs - intervalMs,
    )
    if (behind !== undefined) throw abortError(behind, inTheWay, lockTimeoutMs)
  }
  const watch = async (): Promise<never> => {
    for (let silentSince = performance.now(); ; ) {
      await waitForNextLook(intervalMs, [session, holder], stop.signal)
      await look()
      if (!holder.isIdle()) silentSince = performance.now()
      if (performance.now() - silentSince < SILENCE_MS) continue
      await inTime(holder.row('SELECT 1 AS one'))
      silentSince = performance.now()
    }
  }
  const alarm = watch().catch(error =>
    stop.signal.aborted ? new Promise<never>(() => {}) : Promise.reject(error),
  )
  // The dump may not listen yet.
  alarm.catch(() => {})
  return {
    inTheWay: () => inTheWay,
    alarm,
    read: work => waitForLocks(() => work(session)),
    [Symbol.dispose]: () => stop.abort(),
  }
}

function intervalFor(lockTimeoutMs: number): number {
  const [quarter, twelfth] = [lockTimeoutMs / 4, lockTimeoutMs / 12]
  if (quarter < INTERVAL_MS) return Math.max(SHORTEST_INTERVAL_MS, quarter)
  return Math.min(Math.max(INTERVAL_MS, twelfth), LONGEST_INTERVAL_MS)
}

/** A connection that is gone is looked at after a second at most. */
async function waitForNextLook(
  intervalMs: number,
  sessions: readonly Session[],
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + intervalMs
  for (let leftMs = intervalMs; leftMs > 0; leftMs = until - performance.now()) {
    await sleep(Math.min(leftMs, INTERVAL_MS), undefined, { signal })
    if (sessions.some(session => session.isLost())) return
  }
}

/** Each try waits for LOCK_MS at most. */
async function waitForLocks<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + LONGEST_WAIT_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const isLocked = error instanceof OperatorError && error.code === 'DATABASE_LOCKED'
      if (!isLocked || performance.now() > deadline) throw error
    }
  }
}

type Wait = Record<'place' | 'relation' | 'waited' | 'pid' | 'user' | 'state' | 'age' | 'query', string>

/**
 * Waits for tables and sequences that concern the dump: of others `behind` it, and who is `before` it.
 * pg_dump is known by our name and the holder's snapshot. What waits for old snapshots (CREATE INDEX
 * CONCURRENTLY) waits for no table, and blocks no reads or writes. waitstart is new in 14.
 */
const WAITS = `
  WITH ours AS (
    SELECT a.pid FROM pg_stat_activity h, pg_stat_activity a
     WHERE h.pid = $1::int
       AND (a.pid = h.pid OR a.application_name = 'pg-runbook' AND a.usename = h.usename AND a.backend_xmin = h.backend_xmin)),
  waiting AS (
    SELECT l.pid, l.relation, pg_blocking_pids(l.pid) AS blockers,
           clock_timestamp() - CASE WHEN to_jsonb(l) ? 'waitstart' THEN (to_jsonb(l) ->> 'waitstart')::timestamptz ELSE a.query_start END AS waited
      FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND NOT l.granted
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())),
  concerned AS (
    SELECT 'behind' AS place, relation, waited, pid FROM waiting
     WHERE pid NOT IN (SELECT pid FROM ours) AND blockers && ARRAY(SELECT pid FROM ours)
    UNION ALL
    SELECT 'before', relation, waited, blocker FROM waiting, unnest(blockers) AS blocker
     WHERE pid IN (SELECT pid FROM ours) AND blocker NOT IN (SELECT pid FROM ours))
  SELECT c.place, c.relation::regclass::text AS relation, c.pid::text AS pid,
         (extract(epoch FROM c.waited) * 1000)::text AS waited,
         coalesce(a.usename, '?') AS "user", coalesce(a.state, '?') AS state,
         coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.query_start))::int::text, '?') AS age,
         coalesce(left(a.query, 2000), '') AS query
    FROM concerned c LEFT JOIN pg_stat_activity a ON a.pid = c.pid
   ORDER BY c.waited DESC NULLS LAST`

function describe(wait: Wait): string {
  const { relation, pid, user, state, age, query } = wait
  return `${relation} is locked by pid ${pid} (user ${user}, ${state}, transaction open for ${age} s): ${queryHead(query)}`
}

function abortError(
  { relation, pid, user, waited, query }: Wait,
  inTheWay: readonly string[],
  lockTimeoutMs: number,
): OperatorError {
  const cause = inTheWay.length === 0 ? '' : ` The dump itself was waiting: ${inTheWay.join('; ')}.`
  return new OperatorError(
    'DATABASE_LOCKED',
    `Dump aborted: pid ${pid} (user ${user}) waited ${(Number(waited) / 1000).toFixed(1)} s for a lock on ${relation} held by the dump: ${queryHead(query)}. Later queries on ${relation} would have queued behind it.${cause}`,
    {
      hint: `Run it again when no migration is under way. No session waits longer for a dump than lock-timeout, ${lockTimeoutMs / 1000} s; raise it where such statements may wait.`,
    },
  )
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(silence()), ANSWER_MS)
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

function silence(): OperatorError {
  return new OperatorError(
    'DATABASE_UNREACHABLE',
    `The database has not answered for ${ANSWER_MS / 1000} s: the connection is dead.`,
    {
      hint: 'Look for what drops silent connections between this machine and the database, then run it again.',
    },
  )
}
