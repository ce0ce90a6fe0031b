import { hasSqlState, OperatorError } from '../../core/errors.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { renderConnection } from '../../core/pg/connection.ts'
import { printIdentifier, quoteIdentifier } from '../../core/pg/quote.ts'
import type { Session } from '../session/session.ts'

/** How a role says that a drill made it. */
const MARK = 'Made by a drill of pg-runbook for the policies of a backup.'

/** Held shared by every drill on a server, so that the last one knows that it is: `pgrunbk` in ASCII. */
const LOCK = '31638938685694571'

/**
 * Held by the drill that removes roles: of two drills that end together, the second looks again when the
 * first is done.
 */
const REMOVING = '31638938685694572'

/**
 * Makes the roles that policies name and that the server lacks: they may not log in and own nothing. From
 * now on, and as long as the session lives, no other drill removes them. Throws SCRATCH_FAILED where the
 * role of the session may not make roles.
 */
export async function createPolicyRoles(
  session: Session,
  server: Connection,
  names: readonly string[],
): Promise<void> {
  await session.rows(`SELECT pg_advisory_lock_shared(${LOCK})::text`)
  const existing = await session.rows<{ name: string }>('SELECT rolname AS name FROM pg_catalog.pg_roles')
  const missing = names.filter(name => !existing.some(role => role.name === name))
  if (missing.length === 0) return
  const { allowed } = await session.row<{ allowed: string }>(
    'SELECT (rolsuper OR rolcreaterole)::text AS allowed FROM pg_catalog.pg_roles WHERE rolname = current_user',
  )
  if (allowed !== 'true') {
    throw new OperatorError(
      'SCRATCH_FAILED',
      `Policies of the backup name roles that ${renderConnection(server)} lacks and that this role may not make: ${missing.join(', ')}.`,
      {
        hint: `Make them there, without login, or give the role CREATEROLE: ALTER ROLE ${printIdentifier(server.user)} CREATEROLE.`,
      },
    )
  }
  for (const name of missing) {
    await session.rows(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN`).catch(unlessThere)
    await session.rows(`COMMENT ON ROLE ${quoteIdentifier(name)} IS '${MARK}'`)
  }
}

/**
 * Removes the roles that drills made, those of killed ones too, unless another drill is still at work, or
 * has ended and still drops its database: then it will. Ends with the session.
 */
export async function dropPolicyRoles(session: Session): Promise<void> {
  await session.rows(`SELECT pg_advisory_lock(${REMOVING})::text`)
  const { alone } = await session.row<{ alone: string }>(
    `SELECT pg_try_advisory_lock(${LOCK})::text AS alone`,
  )
  if (alone !== 'true') return
  const made = await session.rows<{ name: string }>(
    "SELECT rolname AS name FROM pg_catalog.pg_roles WHERE shobj_description(oid, 'pg_authid') = $1",
    [MARK],
  )
  for (const { name } of made)
    await session.rows(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`).catch(unlessNeeded)
}

/** Another drill may have been faster by a moment. */
function unlessThere(error: unknown): void {
  if (!hasSqlState(error, '42710', '23505')) throw error
}

/** dependent_objects_still_exist */
function unlessNeeded(error: unknown): void {
  if (!hasSqlState(error, '2BP01')) throw error
}
