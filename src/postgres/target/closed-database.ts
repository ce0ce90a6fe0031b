import * as d from '../../core/json/decode.ts'
import { printIdentifier, printLiteral, quoteIdentifier, quoteLiteral } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'

/** Of a database that is closed: new sessions only read. */
export const READ_ONLY = 'default_transaction_read_only'

/**
 * How the comment of a database begins that a restore has emptied and not filled yet. What follows is the
 * state before, for the restore that comes after one that was killed.
 */
const MARK = 'pg-runbook: overwrite in progress '

const openState = d.object({
  /** The setting of the database; null when it has none. */
  readOnly: d.nullable(d.string),
  comment: d.nullable(d.string),
  /** Roles with the right to connect, the owner left out; the empty text is PUBLIC. */
  connectors: d.array(d.object({ role: d.string, grantable: d.boolean })),
})

/** What closing a database changes. */
export type OpenState = d.Decoded<typeof openState>

const STATE = `
  SELECT shobj_description(b.oid, 'pg_database') AS comment,
         (SELECT substr(u, strpos(u, '=') + 1) FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS u
           WHERE s.setdatabase = b.oid AND s.setrole = 0 AND split_part(u, '=', 1) = '${READ_ONLY}') AS read_only
    FROM pg_catalog.pg_database b WHERE b.datname = $1`

/** A database without grants of its own has the default: PUBLIC may connect. */
const CONNECTORS = `
  SELECT coalesce(r.rolname, '') AS role, bool_or(a.is_grantable)::text AS grantable
    FROM pg_catalog.pg_database b
   CROSS JOIN LATERAL aclexplode(coalesce(b.datacl, acldefault('d', b.datdba))) AS a
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
   WHERE b.datname = $1 AND a.privilege_type = 'CONNECT' AND a.grantee <> b.datdba GROUP BY 1 ORDER BY 1`

/** The state of before, where a restore has closed the database; undefined where none has. */
export async function readClosedState(session: Session, database: string): Promise<OpenState | undefined> {
  const { comment } = await session.row<{ comment: string | null }>(STATE, [database])
  if (comment?.startsWith(MARK) !== true) return undefined
  try {
    return openState(JSON.parse(comment.slice(MARK.length)), 'comment')
  } catch {
    // Not written by a restore.
    return undefined
  }
}

/** As the database is, or as it was before a restore closed it. */
export async function readOpenState(session: Session, database: string): Promise<OpenState> {
  const closed = await readClosedState(session, database)
  if (closed !== undefined) return closed
  const { comment, read_only } = await session.row<Record<'comment' | 'read_only', string | null>>(STATE, [
    database,
  ])
  const connectors = await session.rows<Record<'role' | 'grantable', string>>(CONNECTORS, [database])
  return {
    readOnly: read_only,
    comment,
    connectors: connectors.map(({ role, grantable }) => ({ role, grantable: grantable === 'true' })),
  }
}

/**
 * Closes a database while it is filled: only its owner and superusers may connect, and their new sessions
 * read, unless they set otherwise, as those of a restore do. To be run in the transaction that empties it.
 */
export function closeDatabase(database: string, state: OpenState): string {
  const name = quoteIdentifier(database)
  const roles = state.connectors.map(({ role }) => renderRole(role, quoteIdentifier))
  return [
    ...(roles.length === 0 ? [] : [`REVOKE CONNECT ON DATABASE ${name} FROM ${roles.join(', ')} CASCADE;`]),
    `ALTER DATABASE ${name} SET ${READ_ONLY} = on;`,
    `COMMENT ON DATABASE ${name} IS ${quoteLiteral(MARK + JSON.stringify(state))};`,
  ].join('\n')
}

/** Puts everything back that closeDatabase changed, in one transaction; on one line, for people too. */
export function openDatabase(database: string, { readOnly, comment, connectors }: OpenState): string {
  const name = printIdentifier(database)
  return [
    'BEGIN;',
    ...connectors.map(
      ({ role, grantable }) =>
        `GRANT CONNECT ON DATABASE ${name} TO ${renderRole(role, printIdentifier)}${grantable ? ' WITH GRANT OPTION' : ''};`,
    ),
    `ALTER DATABASE ${name} ${readOnly === null ? `RESET ${READ_ONLY}` : `SET ${READ_ONLY} = ${printLiteral(readOnly)}`};`,
    `COMMENT ON DATABASE ${name} IS ${comment === null ? 'NULL' : printLiteral(comment)};`,
    'COMMIT;',
  ].join(' ')
}

function renderRole(role: string, quote: (name: string) => string): string {
  return role === '' ? 'PUBLIC' : quote(role)
}
