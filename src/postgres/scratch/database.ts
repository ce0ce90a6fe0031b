import { randomBytes } from 'node:crypto'
import type { Manifest } from '../../core/backup/manifest.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { type Connection, renderConnection, withDatabase } from '../../core/pg/connection.ts'
import { printIdentifier, quoteIdentifier } from '../../core/pg/quote.ts'
import { fromVersionNumber, parseVersion } from '../../core/pg/version.ts'
import { readSystemIdentifier } from '../catalog/database-identity.ts'
import { openSession } from '../session/session.ts'
import { createDatabaseLike } from '../target/create-database.ts'
import { dropDatabase } from '../target/drop-database.ts'
import type { Cluster } from './cluster.ts'
import { createOwnerRole } from './owner-role.ts'
import { createPolicyRoles, dropPolicyRoles } from './policy-roles.ts'

/** How the databases of drills are called: nothing else is ever dropped. */
const PREFIX = 'pg_runbook_drill_'

/** A new, empty database on a scratch server. Disposing drops it, and ends its sessions. */
export interface ScratchDatabase extends AsyncDisposable {
  /** As its owner, which is no superuser: what the archive makes here runs as that. */
  readonly connection: Connection
  /** For extensions and the closed list; undefined where the given role is no superuser. */
  readonly superuser: Connection | undefined
  readonly serverVersion: string
  /** Where it cannot be like the source: what differs, for the log and the record. */
  readonly notes: readonly string[]
  /**
   * Throws SCRATCH_FAILED when the server no longer answers: then nothing that went wrong on it says
   * anything.
   */
  proveAlive(): Promise<void>
}

interface ScratchDatabaseOptions {
  /**
   * One of our own; or a database of one that was given, whose role must be allowed to create databases.
   * Our own ends with the drill, and the database with it: dropping it first would only take time.
   */
  readonly server: Cluster | Connection
  /** What the restored database should be like. */
  readonly like: Manifest['server']
  readonly signal: AbortSignal
  /** Receives the name on a given server before the database is made, for the clean-up after a kill. */
  readonly remember: (name: string) => void
}

/**
 * Creates a database with a random name, of the encoding and collation of the source, with the roles that
 * its policies name, and with an owner of its own where the server's role is a superuser. Never restores
 * into one that exists. Throws SCRATCH_FAILED where the server is too old, is the source itself, or does
 * not let this role do it.
 */
export async function createScratchDatabase({
  server,
  like,
  signal,
  remember,
}: ScratchDatabaseOptions): Promise<ScratchDatabase> {
  const own = 'connection' in server ? server : undefined
  const connection = 'connection' in server ? server.connection : server
  const name = `${PREFIX}${randomBytes(6).toString('hex')}`
  const { version, isSuperuser } = await refuseUnfit(connection, like, signal, own !== undefined)
  await using stack = new AsyncDisposableStack()
  if (own === undefined) {
    remember(name)
    stack.defer(() => dropScratchDatabase(connection, name))
  }
  // It lives as long as the database does, and ends before that is dropped: see policy-roles.ts.
  const session = stack.use(await openSession(connection, signal))
  await createPolicyRoles(session, connection, like.requiredRoles)
  const owner = isSuperuser ? await createOwnerRole(session, connection, ownerName(name)) : connection
  const notes = await createDatabaseLike(session, name, like, {
    owner: isSuperuser ? owner.user : undefined,
  })
  const database = withDatabase(owner, name)
  if (isSuperuser) await refuseLockedOut(database, signal)
  const kept = stack.move()
  return {
    connection: database,
    superuser: isSuperuser ? withDatabase(connection, name) : undefined,
    serverVersion: version,
    notes,
    proveAlive: () => proveAlive(database, own),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Roles whose name begins with pg_ are the server's own. */
function ownerName(database: string): string {
  return database.replace(/^pg_/, '')
}

/**
 * A superuser of a given server is no role to restore as: code of the backup would run programs on that
 * machine.
 */
async function refuseLockedOut(owner: Connection, signal: AbortSignal): Promise<void> {
  try {
    await using _session = await openSession(owner, signal)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    throw new OperatorError(
      'SCRATCH_FAILED',
      `The server of scratch-url does not let in the role that the drill made to restore as: ${error.message}`,
      {
        hint: 'Give a role with CREATEDB that is no superuser, or let roles with a password in (pg_hba.conf). A superuser is not restored as: code of the backup would have its rights.',
        cause: error,
      },
    )
  }
}

async function proveAlive(connection: Connection, own: Cluster | undefined): Promise<void> {
  try {
    await using session = await openSession(connection)
    await session.rows('SELECT')
  } catch (error) {
    const words = (await own?.lastWords()) || errorMessage(error).replace(/\.$/, '')
    const isFull = /No space left on device/.test(words)
    throw new OperatorError(
      isFull ? 'DISK_FULL' : 'SCRATCH_FAILED',
      `The scratch server went away during the drill: ${words}.`,
      {
        hint: isFull
          ? 'Use a machine with a larger disk, or set RUNNER_TEMP to one.'
          : 'The drill says nothing about the backup; run it again. A server that was killed mostly ran out of memory: lower jobs, or take a larger machine.',
        cause: error,
      },
    )
  }
}

/**
 * Drops a database that a drill made, its owner, and the roles made for it; does nothing when they are
 * gone. Refuses any other name.
 */
export async function dropScratchDatabase(server: Connection, name: string): Promise<void> {
  if (!new RegExp(`^${PREFIX}[0-9a-f]{12}$`).test(name)) throw new Error(`${name} was not made by a drill`)
  await using session = await openSession(server)
  await dropDatabase(session, name)
  const owner = ownerName(name)
  const found = await session.rows('SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = $1', [owner])
  if (found.length > 0) await session.rows(`DROP ROLE IF EXISTS ${quoteIdentifier(owner)}`)
  await dropPolicyRoles(session)
}

/**
 * What drops it by hand. Not WITH (FORCE): a role that is no superuser may not end autovacuum, and a plain
 * DROP DATABASE does so by itself (see drop-database.ts).
 */
export function renderScratchDrop(name: string): string {
  return `DROP DATABASE ${name}; As a superuser, drop its owner too: DROP ROLE IF EXISTS ${ownerName(name)};`
}

interface ScratchServer {
  readonly version: string
  readonly isSuperuser: boolean
}

async function refuseUnfit(
  server: Connection,
  like: Manifest['server'],
  signal: AbortSignal,
  isOwn: boolean,
): Promise<ScratchServer> {
  await using session = await openSession(server, signal)
  const row = await session.row<Record<'number' | 'version' | 'allowed' | 'superuser', string>>(
    `SELECT current_setting('server_version_num') AS number, split_part(current_setting('server_version'), ' ', 1) AS version,
            (rolsuper OR rolcreatedb)::text AS allowed, rolsuper::text AS superuser
       FROM pg_catalog.pg_roles WHERE rolname = current_user`,
  )
  if (fromVersionNumber(Number(row.number)).major < parseVersion(like.version).major)
    throw new OperatorError(
      'SCRATCH_FAILED',
      `The scratch server ${renderConnection(server)} is PostgreSQL ${row.version}, older than the ${like.version} that was backed up.`,
      { hint: 'Use a scratch server of the same major version or a newer one.' },
    )
  if (
    !isOwn &&
    like.systemIdentifier !== null &&
    (await readSystemIdentifier(session)) === like.systemIdentifier
  )
    throw new OperatorError(
      'SCRATCH_FAILED',
      `scratch-url names the server that was backed up (system identifier ${like.systemIdentifier}). Nothing was made there.`,
      { hint: 'Give another server, or leave scratch-url out: the drill then makes a server of its own.' },
    )
  if (row.allowed !== 'true')
    throw new OperatorError(
      'SCRATCH_FAILED',
      `${renderConnection(server)} does not let this role create databases.`,
      { hint: `Give it the right: ALTER ROLE ${printIdentifier(server.user)} CREATEDB;` },
    )
  return { version: row.version, isSuperuser: row.superuser === 'true' }
}
