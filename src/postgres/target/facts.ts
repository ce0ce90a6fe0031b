import type { Connection } from '../../core/pg/connection.ts'
import type { OfferedExtension, TargetFacts } from '../../core/restore/target-facts.ts'
import { readSystemIdentifier } from '../catalog/database-identity.ts'
import type { Session } from '../session/session.ts'
import { readOpenState } from './closed-database.ts'
import { readSessions } from './terminate-sessions.ts'

/** How the comment of a database begins that a restore has made and not finished. */
export const IN_PROGRESS = 'pg-runbook: restore in progress'

/**
 * DROP … CASCADE locks each object of its own, not only relations (AcquireDeletionLock); users' objects have
 * oids from 16384 on.
 */
const DROPPED = [
  'class',
  'type',
  'constraint',
  'attrdef',
  'trigger',
  'proc',
  'rewrite',
  'policy',
  'namespace',
  'largeobject_metadata',
]
  .map(name => `(SELECT count(*) FROM pg_catalog.pg_${name} WHERE oid >= 16384)`)
  .join(' + ')

const SERVER = `
  SELECT current_setting('server_version_num') AS version_number,
         split_part(current_setting('server_version'), ' ', 1) AS version,
         d.datname AS database, current_user::text AS "user", r.rolsuper::text AS superuser,
         (r.rolcreatedb OR r.rolsuper)::text AS may_create, pg_is_in_recovery()::text AS standby,
         o.rolname AS owner, pg_has_role(d.datdba, 'USAGE')::text AS may_act,
         pg_database_size(d.oid)::text AS bytes,
         (SELECT sum(CASE WHEN has_database_privilege(a.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_database_size(a.oid) ELSE 0 END)
            FROM pg_catalog.pg_database a)::text AS all_bytes,
         (SELECT count(*) FROM pg_catalog.pg_prepared_xacts p WHERE p.database = d.datname)::text AS prepared,
         (${DROPPED})::text AS dropped,
         (current_setting('max_locks_per_transaction')::bigint
           * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint))::text AS locks
    FROM pg_catalog.pg_database d
    JOIN pg_catalog.pg_roles r ON r.rolname = current_user
    JOIN pg_catalog.pg_roles o ON o.oid = d.datdba
   WHERE d.datname = current_database()`

const EXTENSIONS = `
  SELECT a.name, bool_or(v.trusted OR NOT v.superuser)::text AS trusted, (a.installed_version IS NOT NULL)::text AS installed
    FROM pg_catalog.pg_available_extensions a
    JOIN pg_catalog.pg_available_extension_versions v ON v.name = a.name
   GROUP BY 1, 3`

/**
 * What the role may not drop: schemas of others, and what others have in them. Members of extensions stay
 * anyway, and so do schemas that hold extensions of others, such as the one into which a provider puts its
 * own.
 */
const FOREIGN = `
  WITH own AS (SELECT n.oid, n.nspname, pg_has_role(n.nspowner, 'USAGE') AS mine FROM pg_catalog.pg_namespace n
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                   WHERE d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e'))
  SELECT 'schema ' || nspname AS name FROM own WHERE NOT mine AND nspname <> 'public'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = own.oid AND NOT pg_has_role(e.extowner, 'USAGE'))
  UNION ALL
  SELECT i.type || ' ' || i.identity FROM pg_catalog.pg_depend d
    JOIN own ON own.oid = d.refobjid AND NOT own.mine
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user AND NOT me.rolsuper
   CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) AS i
   WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.deptype = 'n'
     AND d.classid NOT IN ('pg_catalog.pg_extension'::regclass, 'pg_catalog.pg_default_acl'::regclass)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend o
                      WHERE o.classid = d.classid AND o.objid = d.objid AND o.objsubid = 0 AND o.deptype IN ('e', 'i'))
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_database b ON b.oid = s.dbid AND b.datname = current_database()
                      WHERE s.classid = d.classid AND s.objid = d.objid AND s.deptype = 'o' AND pg_has_role(s.refobjid, 'USAGE'))
  UNION ALL
  SELECT 'large object ' || m.oid FROM pg_catalog.pg_largeobject_metadata m WHERE NOT pg_has_role(m.lomowner, 'USAGE')
   ORDER BY 1`

/**
 * LOCK TABLE in a mode that stops writers wants one of these rights; the owner of a schema may drop its
 * tables without.
 */
const UNLOCKABLE = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_has_role(n.nspowner, 'USAGE')
     AND NOT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   ORDER BY 1`

const SUBSCRIPTIONS = `
  SELECT s.subname AS name FROM pg_catalog.pg_subscription s
   WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()) ORDER BY 1`

const SLOTS = `SELECT s.slot_name AS name FROM pg_catalog.pg_replication_slots s WHERE s.database = current_database() ORDER BY 1`

/** They always stay: their owner alone can change them. */
const FOREIGN_PUBLICATIONS = `
  SELECT p.pubname AS name FROM pg_catalog.pg_publication p WHERE NOT pg_has_role(p.pubowner, 'USAGE') ORDER BY 1`

/**
 * Mappings on servers that an overwriting drops, and whose options this role may not see: pg_user_mappings
 * shows them to a superuser, to the mapped role, and those of PUBLIC to the owner of the server
 * (system_views.sql).
 */
const HIDDEN_USER_MAPPINGS = `
  SELECT CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE m.usename END AS "user", m.srvname AS server
    FROM pg_catalog.pg_user_mappings m JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
    JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
   WHERE (pg_has_role(s.srvowner, 'USAGE') OR pg_has_role(w.fdwowner, 'USAGE')) AND NOT me.rolsuper
     AND NOT (m.umuser = me.oid AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')))
     AND NOT (m.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE')) ORDER BY 2, 1`

/** Those that a superuser or the provider put there; plpgsql is in every new database too. */
const FOREIGN_EXTENSIONS = `
  SELECT e.extname AS name FROM pg_catalog.pg_extension e WHERE NOT pg_has_role(e.extowner, 'USAGE') ORDER BY 1`

const KEPT_SCHEMAS = `
  SELECT DISTINCT n.nspname AS name FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
   WHERE NOT pg_has_role(e.extowner, 'USAGE') AND n.nspname NOT IN ('public', 'pg_catalog') ORDER BY 1`

/** extconfig: what pg_extension_config_dump has marked. */
const KEPT_ROWS = `
  SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_extension e
   CROSS JOIN LATERAL unnest(e.extconfig) AS x(oid)
    JOIN pg_catalog.pg_class c ON c.oid = x.oid AND c.relkind = 'r' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE NOT pg_has_role(e.extowner, 'USAGE') ORDER BY 1, 2`

/** In a new database it owns everything; one that is there may allow it nothing. */
const ROLE_NEEDS = `
  SELECT format('GRANT CREATE ON DATABASE %I TO %I;', current_database(), $1::text) AS name
   WHERE NOT has_database_privilege($1::name, current_database(), 'CREATE')
  UNION ALL
  SELECT format('GRANT USAGE, CREATE ON SCHEMA public TO %I;', $1::text) FROM pg_catalog.pg_namespace n
   WHERE n.nspname = 'public'
     AND NOT (has_schema_privilege($1::name, n.oid, 'CREATE') AND has_schema_privilege($1::name, n.oid, 'USAGE'))`

/**
 * Unfinished, of our role, and without a session in it: another restore may be at work on this server at the
 * same time. One of our names without a comment was made by a restore that died before it could write one.
 */
const LEFTOVERS = `
  SELECT d.datname AS name FROM pg_catalog.pg_database d
   WHERE coalesce(shobj_description(d.oid, 'pg_database') LIKE $1 || '%', d.datname ~ '_restored_[0-9]{8}t[0-9]{6}z$') AND d.datname <> current_database()
     AND d.datdba = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid) ORDER BY 1`

/**
 * Reads everything that decides whether a backup can be restored here; `role` is to own it, if given. Changes
 * nothing.
 */
export async function readTargetFacts(
  session: Session,
  connection: Connection,
  role: string | undefined,
): Promise<TargetFacts> {
  const row = await session.row<Record<string, string>>(SERVER)
  const mayActAsRole = role === undefined ? null : await mayActAs(session, role)
  return {
    versionNumber: Number(row.version_number),
    version: row.version ?? '',
    database: row.database ?? connection.database,
    systemIdentifier: await readSystemIdentifier(session),
    user: row.user ?? connection.user,
    isSuperuser: row.superuser === 'true',
    mayCreateDatabases: row.may_create === 'true',
    isStandby: row.standby === 'true',
    owner: row.owner ?? '',
    mayActAsOwner: row.may_act === 'true',
    connectors: await readConnectors(session, row.database ?? connection.database),
    mayActAsRole,
    roleNeeds: role === undefined || !mayActAsRole ? [] : await readNames(session, ROLE_NEEDS, [role]),
    databaseBytes: Number(row.bytes),
    serverBytes: Number(row.all_bytes),
    extensions: await readOffered(session),
    foreignExtensions: await readNames(session, FOREIGN_EXTENSIONS),
    keptSchemas: await readNames(session, KEPT_SCHEMAS),
    keptRows: await session.rows<{ schema: string; name: string }>(KEPT_ROWS),
    foreignPublications: await readNames(session, FOREIGN_PUBLICATIONS),
    roles: await readNames(session, 'SELECT rolname AS name FROM pg_catalog.pg_roles'),
    sessions: await readSessions(session, row.database ?? connection.database),
    preparedTransactions: Number(row.prepared),
    objectsNotOwned: await readNames(session, FOREIGN),
    unlockableTables: await readNames(session, UNLOCKABLE),
    subscriptions: await readNames(session, SUBSCRIPTIONS),
    hiddenUserMappings: await session.rows<{ user: string; server: string }>(HIDDEN_USER_MAPPINGS),
    slots: await readNames(session, SLOTS),
    databases: await readNames(session, 'SELECT datname AS name FROM pg_catalog.pg_database'),
    droppedObjects: Number(row.dropped),
    lockCapacity: Number(row.locks),
    leftovers: await readNames(session, LEFTOVERS, [IN_PROGRESS]),
  }
}

async function readConnectors(session: Session, database: string): Promise<readonly string[]> {
  const { connectors } = await readOpenState(session, database)
  return connectors.map(({ role }) => (role === '' ? 'PUBLIC' : role))
}

async function readNames(
  session: Session,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly string[]> {
  return (await session.rows<{ name: string }>(sql, values)).map(({ name }) => name)
}

/**
 * SET ROLE makes the objects its own, and having its rights without that lets us read and drop them. Since 16
 * a membership may lack either, and who has only ADMIN OPTION has none of both.
 */
async function mayActAs(session: Session, role: string): Promise<boolean> {
  const { version } = await session.row<{ version: string }>(
    "SELECT current_setting('server_version_num') AS version",
  )
  const right = Number(version) >= 160_000 ? 'SET' : 'MEMBER'
  const [found] = await session.rows<{ may: string }>(
    `SELECT (pg_has_role(r.oid, '${right}') AND pg_has_role(r.oid, 'USAGE'))::text AS may FROM pg_catalog.pg_roles r WHERE r.rolname = $1`,
    [role],
  )
  return found?.may === 'true'
}

async function readOffered(session: Session): Promise<readonly OfferedExtension[]> {
  const rows = await session.rows<Record<'name' | 'trusted' | 'installed', string>>(EXTENSIONS)
  return rows.map(({ name, trusted, installed }) => ({
    name,
    isTrusted: trusted === 'true',
    isInstalled: installed === 'true',
  }))
}
