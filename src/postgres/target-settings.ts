import { OperatorError } from '../core/errors.ts'
import { quoteIdentifier, quoteLiteral } from '../core/identifier.ts'
import type { Session } from './session.ts'

const SETTINGS = `
  SELECT split_part(s.setting, '=', 1) AS name, substr(s.setting, strpos(s.setting, '=') + 1) AS value, r.rolname AS role
    FROM pg_catalog.pg_db_role_setting d
    JOIN pg_catalog.pg_database b ON b.oid = d.setdatabase
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = d.setrole
   CROSS JOIN LATERAL unnest(d.setconfig) AS s(setting)
   WHERE b.datname = $1 ORDER BY 3 NULLS FIRST, 1`

const GRANTS = `
  SELECT a.privilege_type AS privilege, a.is_grantable::text AS grantable, coalesce(r.rolname, '') AS grantee
    FROM pg_catalog.pg_database b
   CROSS JOIN LATERAL aclexplode(b.datacl) AS a
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
   WHERE b.datname = $1 AND a.grantee <> b.datdba ORDER BY 3, 1`

/** Settings whose value is a list of words that are quoted one by one (GUC_LIST_QUOTE in guc.c). */
const LISTS = ['search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries']

/**
 * Gives a database what belongs to the database itself and is in no archive: owner, ALTER DATABASE … SET, settings of roles in
 * it, the limit of connections, and grants on it. Returns, as sentences, what this role may not pass on.
 */
export async function copyDatabaseSettings(
  session: Session,
  from: string,
  to: string,
): Promise<readonly string[]> {
  const notes: string[] = []
  const attempt = async (what: string, sql: string) => {
    try {
      await session.rows(sql)
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      notes.push(`${what} of ${from} could not be passed on; by hand: ${sql};`)
    }
  }
  const target = quoteIdentifier(to)
  const facts = await session.row<{ owner: string; limit: string; same: string }>(
    `SELECT o.rolname AS owner, b.datconnlimit::text AS limit, (b.datdba = n.datdba)::text AS same
       FROM pg_catalog.pg_database b JOIN pg_catalog.pg_roles o ON o.oid = b.datdba, pg_catalog.pg_database n
      WHERE b.datname = $1 AND n.datname = $2`,
    [from, to],
  )
  for (const { name, value, role } of await session.rows<Record<'name' | 'value' | 'role', string | null>>(
    SETTINGS,
    [from],
  )) {
    const whose = role === null ? `DATABASE ${target}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${target}`
    const setting = `${name ?? ''} TO ${renderValue(name ?? '', value ?? '')}`
    await attempt(`The setting ${name ?? ''}`, `ALTER ${whose} SET ${setting}`)
  }
  if (facts.limit !== '-1')
    await attempt('The limit of connections', `ALTER DATABASE ${target} CONNECTION LIMIT ${facts.limit}`)
  await copyGrants(session, from, target, attempt)
  // Last, because afterwards this role may have no say any more.
  if (facts.same !== 'true')
    await attempt('The owner', `ALTER DATABASE ${target} OWNER TO ${quoteIdentifier(facts.owner)}`)
  return notes
}

/** Without an entry for PUBLIC, the right to connect was taken from everybody; then it is here too. */
async function copyGrants(
  session: Session,
  from: string,
  target: string,
  attempt: (what: string, sql: string) => Promise<void>,
): Promise<void> {
  const { custom } = await session.row<{ custom: string }>(
    'SELECT (datacl IS NOT NULL)::text AS custom FROM pg_catalog.pg_database WHERE datname = $1',
    [from],
  )
  if (custom !== 'true') return
  await attempt('The rights of PUBLIC', `REVOKE ALL ON DATABASE ${target} FROM PUBLIC`)
  for (const { privilege, grantable, grantee } of await session.rows<
    Record<'privilege' | 'grantable' | 'grantee', string>
  >(GRANTS, [from])) {
    const who = grantee === '' ? 'PUBLIC' : quoteIdentifier(grantee)
    const option = grantable === 'true' ? ' WITH GRANT OPTION' : ''
    await attempt(
      `The right ${privilege} for ${who}`,
      `GRANT ${privilege} ON DATABASE ${target} TO ${who}${option}`,
    )
  }
}

/** A list arrives with its words quoted already, and as one text it would name a single schema. */
function renderValue(name: string, value: string): string {
  if (!LISTS.includes(name.toLowerCase())) return quoteLiteral(value)
  return value === '' ? "''" : value
}
