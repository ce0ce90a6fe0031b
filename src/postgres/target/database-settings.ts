import { hasSqlState } from '../../core/errors.ts'
import { printIdentifier, printLiteral, quoteIdentifier } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'
import { type OpenState, READ_ONLY, readClosedState } from './closed-database.ts'

/**
 * Who may set what (AlterDatabaseSet, AlterRoleSet, set_config_option): a setting of a superuser's takes a
 * superuser or a grant on the parameter, and that of another role the right to administer the role.
 */
const SETTINGS = `
  SELECT s.name, substr(s.setting, strpos(s.setting, '=') + 1) AS value, r.rolname AS role,
         (me.rolsuper OR ((coalesce(g.context NOT IN ('superuser', 'superuser-backend'), false) OR has_parameter_privilege(s.name, 'SET'))
           AND (r.oid IS NULL OR r.oid = me.oid OR (me.rolcreaterole AND NOT r.rolsuper AND pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')))))::text AS allowed
    FROM pg_catalog.pg_db_role_setting d
    JOIN pg_catalog.pg_database b ON b.oid = d.setdatabase
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = d.setrole
   CROSS JOIN LATERAL (SELECT split_part(u, '=', 1) AS name, u AS setting FROM unnest(d.setconfig) AS u) AS s
    LEFT JOIN pg_catalog.pg_settings g ON lower(g.name) = lower(s.name)
   WHERE b.datname = $1 ORDER BY 3 NULLS FIRST, 1`

const GRANTS = `
  SELECT a.privilege_type AS privilege, a.is_grantable::text AS grantable, coalesce(r.rolname, '') AS grantee
    FROM pg_catalog.pg_database b
   CROSS JOIN LATERAL aclexplode(b.datacl) AS a
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
   WHERE b.datname = $1 AND a.grantee <> b.datdba ORDER BY 3, 1`

const DATABASE = `
  SELECT o.rolname AS owner, b.datconnlimit::text AS limit, (b.datacl IS NOT NULL)::text AS custom,
         pg_has_role(o.oid, 'SET')::text AS may_give
    FROM pg_catalog.pg_database b JOIN pg_catalog.pg_roles o ON o.oid = b.datdba
   WHERE b.datname = $1`

/** Settings whose value is a list of words that are quoted one by one (GUC_LIST_QUOTE in guc.c). */
const LISTS = ['search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries']

/** One thing that belongs to a database itself and is in no archive. */
interface Belonging {
  /** For a note: `The setting work_mem`. */
  readonly what: string
  readonly sql: (database: string) => string
  /** As far as it is known beforehand. */
  readonly isAllowed: boolean
}

/**
 * Owner, ALTER DATABASE … SET, settings of roles in it, the limit of connections, and grants on it, in the
 * order in which they are passed on.
 */
async function readBelongings(session: Session, from: string): Promise<readonly Belonging[]> {
  const { owner, limit, custom, may_give } = await session.row<
    Record<'owner' | 'limit' | 'custom' | 'may_give', string>
  >(DATABASE, [from])
  const closed = await readClosedState(session, from)
  const settings = await readSettings(session, from, closed)
  return [
    ...settings.map(({ name, value, role, allowed }) => ({
      what: `The setting ${name}`,
      sql: (database: string) =>
        `ALTER ${role === null ? '' : `ROLE ${printIdentifier(role)} IN `}DATABASE ${database} SET ${renderName(name ?? '')} TO ${renderValue(name ?? '', value ?? '')}`,
      isAllowed: allowed === 'true',
    })),
    ...(limit === '-1'
      ? []
      : [allowed('The limit of connections', name => `ALTER DATABASE ${name} CONNECTION LIMIT ${limit}`)]),
    ...(await readConnectRights(session, from, custom === 'true', closed)),
    // Last, because afterwards this role may have no say any more. Changes nothing where it is the owner
    // already.
    {
      what: 'The owner',
      sql: database => `ALTER DATABASE ${database} OWNER TO ${printIdentifier(owner)}`,
      isAllowed: may_give === 'true',
    },
  ]
}

function allowed(what: string, sql: Belonging['sql']): Belonging {
  return { what, sql, isAllowed: true }
}

/** Without what a restore that did not finish has set. */
async function readSettings(session: Session, from: string, closed: OpenState | undefined) {
  const settings = await session.rows<Record<'name' | 'value' | 'role' | 'allowed', string | null>>(
    SETTINGS,
    [from],
  )
  return settings.flatMap(setting => {
    if (closed === undefined || setting.role !== null || setting.name !== READ_ONLY) return [setting]
    return closed.readOnly === null ? [] : [{ ...setting, value: closed.readOnly }]
  })
}

/**
 * A restored database is closed to PUBLIC. One without grants of its own has the default: CONNECT and
 * TEMPORARY for PUBLIC.
 */
async function readConnectRights(
  session: Session,
  from: string,
  isCustom: boolean,
  closed: OpenState | undefined,
): Promise<readonly Belonging[]> {
  if (!isCustom)
    return [allowed('The right to connect', name => `GRANT CONNECT, TEMPORARY ON DATABASE ${name} TO PUBLIC`)]
  const grants = [
    ...(await session.rows<Record<'privilege' | 'grantable' | 'grantee', string>>(GRANTS, [from])),
    ...(closed?.connectors ?? []).map(({ role, grantable }) => ({
      privilege: 'CONNECT',
      grantable: String(grantable),
      grantee: role,
    })),
  ]
  return [
    allowed('The rights of PUBLIC', name => `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`),
    ...grants.map(({ privilege, grantable, grantee }) => {
      const who = grantee === '' ? 'PUBLIC' : printIdentifier(grantee)
      const option = grantable === 'true' ? ' WITH GRANT OPTION' : ''
      return allowed(
        `The right ${privilege} for ${who}`,
        name => `GRANT ${privilege} ON DATABASE ${name} TO ${who}${option}`,
      )
    }),
  ]
}

/** What of a database this role will not be able to pass on, as sentences with the statement for who may. */
export async function readUnpassable(session: Session, from: string): Promise<readonly string[]> {
  const belongings = await readBelongings(session, from)
  return belongings.filter(({ isAllowed }) => !isAllowed).map(belonging => byHand(belonging, from))
}

/**
 * Gives a database what belongs to the other one itself. Returns, as sentences, what this role may not pass
 * on; they call the database by its name after the swap.
 */
export async function copyDatabaseSettings(
  session: Session,
  from: string,
  to: string,
): Promise<readonly string[]> {
  return await passOn(session, await readBelongings(session, from), from, to)
}

/**
 * Lets in the roles that may connect to the other database, and no others. Returns what could not be granted,
 * as sentences.
 */
export async function copyConnectRights(
  session: Session,
  from: string,
  to: string,
): Promise<readonly string[]> {
  const { custom } = await session.row<{ custom: string }>(DATABASE, [from])
  const closed = await readClosedState(session, from)
  return await passOn(session, await readConnectRights(session, from, custom === 'true', closed), from, to)
}

async function passOn(
  session: Session,
  belongings: readonly Belonging[],
  from: string,
  to: string,
): Promise<readonly string[]> {
  const notes: string[] = []
  for (const belonging of belongings) {
    try {
      await session.rows(belonging.sql(quoteIdentifier(to)))
    } catch (error) {
      if (!hasSqlState(error, '42501')) throw error
      notes.push(byHand(belonging, from))
    }
  }
  return notes
}

function byHand({ what, sql }: Belonging, database: string): string {
  return `${what} of ${database} cannot be passed on by this role; by hand, after the swap: ${sql(printIdentifier(database))};`
}

/** A custom setting may have a word of SQL behind the dot: `app.user`. */
function renderName(name: string): string {
  return name.includes('.') ? printIdentifier(name) : name
}

/**
 * A list arrives with its words quoted already, and as one text it would name a single schema. An empty word
 * arrives as an empty name, which SQL does not allow: SET search_path = '' is kept as `""`.
 */
function renderValue(name: string, value: string): string {
  if (!LISTS.includes(name.toLowerCase())) return printLiteral(value)
  if (value === '') return "''"
  return value
    .replace(/(?<=^|, )""(?=$|, )/g, "''")
    .replace(/"((?:[^"]|"")*)"/g, (_, name: string) => printIdentifier(name.replaceAll('""', '"')))
}
