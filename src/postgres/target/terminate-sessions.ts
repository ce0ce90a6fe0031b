import { setTimeout as sleep } from 'node:timers/promises'
import { hasSqlState, OperatorError } from '../../core/errors.ts'
import type { TargetSession } from '../../core/restore/target-facts.ts'
import { renderSome } from '../../core/text/counts.ts'
import type { Session } from '../session/session.ts'

/**
 * Sessions that block renaming or replacing a database: all that CountOtherDBBackends waits
 * for, so walsenders and workers of subscriptions too, and not only clients. The server's own processes,
 * which have no user, leave by themselves (autovacuum), and a parallel worker leaves with its leader. What
 * this role may not see has no backend_type and is a session all the same.
 *
 * Who is neither a member of the session's role nor of pg_signal_backend cannot end it, and a superuser's
 * only a superuser can (pg_signal_backend in signalfuncs.c).
 */
const IN_THE_WAY = `
  SELECT a.pid, coalesce(a.usename, '') AS "user", coalesce(nullif(a.application_name, ''), nullif(a.backend_type, 'client backend'), '') AS application,
         coalesce(host(a.client_addr), '') AS client,
         (me.rolsuper OR (NOT coalesce(r.rolsuper, true) AND (pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))) AS may_end
    FROM pg_catalog.pg_stat_activity a
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
   WHERE a.datname = $1 AND a.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL AND a.leader_pid IS NULL
     AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
   ORDER BY a.backend_start`

/** Those in a database, the asking one left out. */
export async function readSessions(session: Session, database: string): Promise<readonly TargetSession[]> {
  const rows = await session.rows<Record<'pid' | 'user' | 'application' | 'client' | 'may_end', string>>(
    `SELECT s.pid::text AS pid, s."user", s.application, s.client, s.may_end::text AS may_end FROM (${IN_THE_WAY}) AS s`,
    [database],
  )
  return rows.map(({ may_end, ...others }) => ({ ...others, mayTerminate: may_end === 'true' }))
}

/**
 * Ends those that this role may end, except those spared. Returns the process ids of those that got the
 * signal.
 */
async function terminateSessions(
  session: Session,
  database: string,
  spared: readonly string[] = [],
): Promise<readonly string[]> {
  const rows = await session.rows<{ pid: string }>(
    `WITH found AS MATERIALIZED (SELECT s.pid FROM (${IN_THE_WAY}) AS s WHERE s.may_end AND s.pid <> ALL ($2::int[]))
     SELECT f.pid::text AS pid FROM found f WHERE pg_terminate_backend(f.pid)`,
    [database, spared],
  )
  return rows.map(({ pid }) => pid)
}

/**
 * Ends the other sessions in a database, busy or idle, and adds their process ids to `cut`; ends none where
 * that is undefined. Returns those that remain.
 */
export async function endSessions(
  session: Session,
  database: string,
  spared: readonly string[],
  cut: Set<string> | undefined,
): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt += 1) {
    const others = (await readSessions(session, database)).filter(({ pid }) => !spared.includes(pid))
    if (others.length === 0 || cut === undefined || attempt === END_ATTEMPTS) return others.map(renderSession)
    for (const pid of await terminateSessions(session, database, spared)) cut.add(pid)
    await sleep(LOOK_INTERVAL_MS)
  }
}

function renderSession({ pid, user, application }: TargetSession): string {
  return `${application === '' ? 'a session' : application} as ${user} (pid ${pid})`
}

/** A session needs a moment to end. */
const END_ATTEMPTS = 50

/** How often sessions are ended while their end is awaited. */
const TERMINATE_INTERVAL_MS = 10
/** How often it is looked at who is waited for. */
const LOOK_INTERVAL_MS = 100

/**
 * Ends the sessions in a database again and again until the work is done: a client that reconnects meanwhile
 * stands behind the work in the queue for the lock, and one that was faster is ended, too. Adds the process
 * ids to `cut`.
 */
export async function whileTerminating<T>(
  session: Session,
  database: string,
  spared: readonly string[],
  cut: Set<string>,
  work: Promise<T>,
): Promise<T> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  work.then(done, done)
  while (!isDone) {
    for (const pid of await terminateSessions(session, database, spared)) cut.add(pid)
    await sleep(TERMINATE_INTERVAL_MS)
  }
  return await work
}

/**
 * Waits for work of another session that needs locks, and names the blocking sessions when it did not get
 * them in time. Throws TARGET_BUSY then.
 */
export async function namingBlockers<T>(session: Session, pid: string, work: Promise<T>): Promise<T> {
  let isDone = false
  let blockers: readonly string[] = []
  const watching = (async () => {
    while (!isDone) {
      const now = await readBlockers(session, pid)
      if (now.length > 0) blockers = now
      await sleep(LOOK_INTERVAL_MS)
    }
  })()
  watching.catch(() => {})
  try {
    return await work
  } catch (error) {
    // lock_not_available, deadlock_detected
    if (!hasSqlState(error, '55P03', '40P01')) throw error
    const who = blockers.length === 0 ? 'a session that this role may not see' : renderSome(blockers, 5)
    throw new OperatorError(
      'TARGET_BUSY',
      `Not everything could be locked, because of ${who}. Everything was rolled back: the database is as it was before.`,
      {
        hint: 'Stop the application and end what still runs; terminate-sessions: true cuts off what this role may end.',
        cause: error,
      },
    )
  } finally {
    isDone = true
    await watching.catch(() => {})
  }
}

async function readBlockers(session: Session, pid: string): Promise<readonly string[]> {
  const rows = await session.rows<Record<'pid' | 'user' | 'application' | 'state', string>>(
    `SELECT a.pid::text AS pid, coalesce(a.usename, '?') AS "user", coalesce(a.application_name, '') AS application, coalesce(a.state, '?') AS state
       FROM unnest(pg_blocking_pids($1::int)) AS b(pid) JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid`,
    [pid],
  )
  return rows.map(
    row =>
      `${row.application === '' ? 'a session' : row.application} as ${row.user} (pid ${row.pid}, ${row.state})`,
  )
}
