import { queryHead } from '../../core/pg/redact-query.ts'
import { readInTransaction } from '../session/search-path.ts'
import type { Session } from '../session/session.ts'

/**
 * `lock`: holds or waits for a lock that a dump or a migration would queue behind. `transaction`: open for
 * longer than the limit. `prepared`: a prepared transaction, which no session's end ends. `dump`: another
 * dump of this database. `replication`: a standby that is behind, or this server is one and is behind.
 */
export type BlockerKind = 'lock' | 'transaction' | 'prepared' | 'dump' | 'replication'

/** Something that blocks a dump or a migration. What this role may not see is null. */
export interface Blocker {
  readonly kind: BlockerKind
  /** Null for a prepared transaction and for a standby's own lag. */
  readonly pid: number | null
  readonly user: string | null
  readonly application: string | null
  /**
   * `idle in transaction`, `active`; of a prepared transaction its name; of a standby how it is replicated.
   */
  readonly state: string | null
  /** How long the transaction is open, or how far the standby is behind; null where it is not known. */
  readonly ageMs: number | null
  /** The head of the query on one line, its values taken out. */
  readonly query: string | null
  /** The pids that it waits for itself. */
  readonly waitsFor: readonly number[]
  /** `AccessExclusiveLock on public.users`, `waits for …`, `… and 2 more`; null without such a lock. */
  readonly relation: string | null
}

interface BlockerLimits {
  /**
   * Transactions that are open for longer are reported, regardless of their locks; standbys that are further
   * behind, too.
   */
  readonly olderThanMs: number
}

/**
 * Reads the blockers of this moment, the oldest first; what has no age comes last. Never our own session. A
 * role without pg_read_all_stats sees the locks of others, but neither their queries nor how long they are
 * there: see countHiddenSessions. The session must not be inside a transaction.
 */
export async function readBlockers(
  session: Session,
  { olderThanMs }: BlockerLimits,
): Promise<readonly Blocker[]> {
  const rows = await readInTransaction(session, async () => [
    ...(await session.rows<BlockerRow>(SESSIONS, [olderThanMs])),
    ...(await session.rows<BlockerRow>(PREPARED)),
    ...(await session.rows<BlockerRow>(STANDBYS, [olderThanMs])),
    ...(await session.rows<BlockerRow>(OWN_LAG, [olderThanMs])),
  ])
  return rows.map(toBlocker).toSorted((a, b) => (b.ageMs ?? -1) - (a.ageMs ?? -1))
}

/** Sessions of this database whose state this role may not see: an old transaction may be among them. */
export async function countHiddenSessions(session: Session): Promise<number> {
  const { hidden } = await readInTransaction(session, () =>
    session.row<{ hidden: string }>(
      `SELECT count(*)::text AS hidden FROM pg_stat_activity
        WHERE datname = current_database() AND usesysid IS NOT NULL AND backend_type IS NULL`,
    ),
  )
  return Number(hidden)
}

type BlockerRow = Record<
  'kind' | 'pid' | 'user' | 'application' | 'state' | 'age' | 'query' | 'waits_for' | 'relation',
  string | null
>

function toBlocker(row: BlockerRow): Blocker {
  return {
    kind: toKind(row.kind),
    pid: row.pid === null ? null : Number(row.pid),
    user: row.user,
    application: row.application,
    state: row.state,
    ageMs: row.age === null ? null : Math.max(0, Math.round(Number(row.age))),
    query: row.query === null || row.query === '' ? null : queryHead(row.query),
    waitsFor: (row.waits_for ?? '')
      .split(',')
      .filter(pid => pid !== '')
      .map(Number),
    relation: row.relation,
  }
}

const KINDS: readonly BlockerKind[] = ['lock', 'transaction', 'prepared', 'dump', 'replication']

function toKind(text: string | null): BlockerKind {
  const kind = KINDS.find(candidate => candidate === text)
  if (kind === undefined) throw new Error(`A blocker of kind ${text}`)
  return kind
}

/**
 * Locks on tables and what belongs to them, stronger than those of ordinary reading and writing, one line for
 * each transaction. An ACCESS EXCLUSIVE lock blocks the dump, every other blocks a
 * migration; one that is waited for is as bad as one that is held, because later sessions queue behind it.
 * Of the system's own tables only ACCESS EXCLUSIVE counts.
 * https://www.postgresql.org/docs/18/explicit-locking.html
 */
const LOCKS = `
  SELECT l.pid, l.virtualtransaction,
         (array_agg(CASE WHEN l.granted THEN '' ELSE 'waits for ' END || l.mode || ' on ' || n.nspname || '.' || c.relname
                    ORDER BY l.mode = 'AccessExclusiveLock' DESC, c.relkind IN ('r', 'p', 'm') DESC, l.granted DESC, n.nspname, c.relname))[1]
         || CASE count(*) WHEN 1 THEN '' ELSE ' and ' || count(*) - 1 || ' more' END AS relation
    FROM pg_locks l
    JOIN pg_class c ON c.oid = l.relation
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE l.locktype = 'relation'
     AND l.database IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
     AND (l.mode = 'AccessExclusiveLock'
          OR l.mode IN ('ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock', 'ShareUpdateExclusiveLock') AND n.nspname <> 'pg_catalog')
     AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast'
   GROUP BY l.pid, l.virtualtransaction`

/**
 * A dump keeps all its tables locked against change, and ours does so from a session that only waits; others
 * of our sessions come and go in no time.
 */
const IS_DUMP = `
  (a.application_name = 'pg_dump' AND a.xact_start IS NOT NULL
   OR a.application_name IN ('pg-runbook', 'pg_dump') AND a.state IS DISTINCT FROM 'active'
      AND EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                   WHERE l.pid = a.pid AND l.locktype = 'relation' AND c.relkind IN ('r', 'p', 'm')
                     AND c.relnamespace <> 'pg_catalog'::regnamespace))`

/**
 * A worker that vacuums yields by itself, unless it must not; it has no user, which every role can see.
 * A parallel worker speaks through its leader.
 */
const SESSIONS = `
  WITH locks AS (${LOCKS})
  SELECT CASE WHEN locks.pid IS NOT NULL THEN 'lock'
              WHEN ${IS_DUMP} THEN 'dump'
              ELSE 'transaction' END AS kind,
         a.pid::text AS pid, a.usename AS "user", a.application_name AS application, a.state,
         (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::text AS age,
         left(a.query, 8192) AS query, array_to_string(pg_blocking_pids(a.pid), ',') AS waits_for, locks.relation
    FROM pg_stat_activity a LEFT JOIN locks ON locks.pid = a.pid
   WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.leader_pid IS NULL
     AND (a.usesysid IS NOT NULL OR a.query LIKE '%to prevent wraparound%')
     AND (locks.pid IS NOT NULL
          OR ${IS_DUMP}
          OR clock_timestamp() - a.xact_start > $1::float8 * interval '1 millisecond')`

/** What it holds is found by the lock that it has on its own id. */
const PREPARED = `
  WITH locks AS (${LOCKS})
  SELECT 'prepared' AS kind, NULL AS pid, p.owner AS "user", NULL AS application, p.gid AS state,
         (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::text AS age,
         NULL AS query, NULL AS waits_for, locks.relation
    FROM pg_prepared_xacts p
    LEFT JOIN pg_locks own ON own.pid IS NULL AND own.locktype = 'transactionid' AND own.transactionid = p.transaction
    LEFT JOIN locks ON locks.pid IS NULL AND locks.virtualtransaction = own.virtualtransaction
   WHERE p.database = current_database()`

/** Without pg_read_all_stats the lag of others' connections is null, and they are left out. */
const STANDBYS = `
  SELECT 'replication' AS kind, r.pid::text AS pid, r.usename AS "user", r.application_name AS application,
         r.state || ', ' || coalesce(r.sync_state, '?') AS state,
         (extract(epoch FROM r.replay_lag) * 1000)::text AS age, NULL AS query, NULL AS waits_for, NULL AS relation
    FROM pg_stat_replication r
   WHERE r.replay_lag > $1::float8 * interval '1 millisecond'`

/**
 * A standby that has replayed all it was sent may still be far behind, when nothing is sent to it any more.
 */
const OWN_LAG = `
  SELECT 'replication' AS kind, NULL AS pid, NULL AS "user", NULL AS application,
         CASE WHEN s.paused THEN 'this server is a standby, its replay is paused'
              WHEN NOT s.connected THEN 'this server is a standby without a connection to its primary'
              ELSE 'this server is a standby and behind its primary' END AS state,
         (extract(epoch FROM s.lag) * 1000)::text AS age, NULL AS query, NULL AS waits_for, NULL AS relation
    FROM (SELECT pg_is_wal_replay_paused() AS paused, EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) AS connected,
                 pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_last_wal_replay_lsn() AS replayed,
                 clock_timestamp() - pg_last_xact_replay_timestamp() AS lag
           WHERE pg_is_in_recovery()) AS s
   WHERE s.paused OR NOT s.connected OR NOT s.replayed AND s.lag > $1::float8 * interval '1 millisecond'`
