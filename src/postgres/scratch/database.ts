import { randomBytes } from 'node:crypto'
import type { Manifest } from '../../core/backup/manifest.ts'
import { errorMessage, OperatorError } from '../../core/errors.ts'
import { type Connection, renderConnection, withDatabase } from '../../core/pg/connection.ts'
import { quoteIdentifier } from '../../core/pg/quote.ts'
import { fromVersionNumber, parseVersion } from '../../core/pg/version.ts'
import { openSession } from '../session/session.ts'
import { createDatabaseLike } from '../target/create-database.ts'
import type { Cluster } from './cluster.ts'
import { createPolicyRoles, dropPolicyRoles } from './policy-roles.ts'

type ServerFacts = Manifest['server']

/** How the databases of drills are called: nothing else is ever dropped. */
const PREFIX = 'pg_runbook_drill_'

/** A new, empty database on a scratch server. Disposing drops it, whoever is still connected. */
export interface ScratchDatabase extends AsyncDisposable {
  readonly connection: Connection
  readonly serverVersion: string
  /** Where it cannot be like the source: what differs, for the log and the record. */
  readonly notes: readonly string[]
  /** Throws SCRATCH_FAILED when the server no longer answers: then nothing that went wrong on it says anything. */
  proveAlive(): Promise<void>
}

export interface ScratchDatabaseOptions {
  /**
   * One of our own; or a database of one that was given, whose role must be allowed to create databases. Our own ends
   * with the drill, and the database with it: dropping it first would only take time.
   */
  readonly server: Cluster | Connection
  /** What the restored database should be like. */
  readonly like: ServerFacts
  readonly signal: AbortSignal
  /** Told the name on a given server before the database is made, for whoever has to clean up after a kill. */
  readonly remember: (name: string) => void
}

/**
 * Creates a database with a random name, of the encoding and collation of the source, and the roles that its policies
 * name. Never restores into one that exists. Throws SCRATCH_FAILED where the server is too old, lacks extensions, or does
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
  const serverVersion = await refuseUnfit(connection, like, signal)
  await using stack = new AsyncDisposableStack()
  if (own === undefined) {
    remember(name)
    stack.defer(() => dropScratchDatabase(connection, name))
  }
  // It lives as long as the database does, and ends before that is dropped: see policy-roles.ts.
  const session = stack.use(await openSession(connection, signal))
  await createPolicyRoles(session, connection, like.requiredRoles)
  const notes = await createDatabaseLike(session, name, like)
  const kept = stack.move()
  const database = withDatabase(connection, name)
  return {
    connection: database,
    serverVersion,
    notes,
    proveAlive: () => proveAlive(database, own),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
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
 * Drops a database that a drill made, and the roles made for it; does nothing when they are gone. Refuses any other
 * name.
 */
export async function dropScratchDatabase(server: Connection, name: string): Promise<void> {
  if (!new RegExp(`^${PREFIX}[0-9a-f]{12}$`).test(name)) throw new Error(`${name} was not made by a drill`)
  await using session = await openSession(server)
  await session.rows(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`)
  await dropPolicyRoles(session)
}

/** The version of the server. */
async function refuseUnfit(server: Connection, like: ServerFacts, signal: AbortSignal): Promise<string> {
  await using session = await openSession(server, signal)
  const { number, version, allowed } = await session.row<Record<'number' | 'version' | 'allowed', string>>(
    `SELECT current_setting('server_version_num') AS number, split_part(current_setting('server_version'), ' ', 1) AS version,
            (rolsuper OR rolcreatedb)::text AS allowed
       FROM pg_catalog.pg_roles WHERE rolname = current_user`,
  )
  if (fromVersionNumber(Number(number)).major < parseVersion(like.version).major) {
    throw new OperatorError(
      'SCRATCH_FAILED',
      `The scratch server ${renderConnection(server)} is PostgreSQL ${version}, older than the ${like.version} that was backed up.`,
      {
        hint: 'Use a scratch server of the same major version or a newer one.',
      },
    )
  }
  if (allowed !== 'true') {
    throw new OperatorError(
      'SCRATCH_FAILED',
      `${renderConnection(server)} does not let this role create databases.`,
      {
        hint: `Give it the right: ALTER ROLE ${quoteIdentifier(server.user)} CREATEDB; or name a superuser in scratch-url.`,
      },
    )
  }
  const available = await session.rows<{ name: string }>(
    'SELECT name FROM pg_catalog.pg_available_extensions',
  )
  const names = new Set(available.map(row => row.name))
  const missing = like.extensions
    .filter(extension => !names.has(extension.name))
    .map(extension => extension.name)
  if (missing.length > 0) {
    throw new OperatorError(
      'SCRATCH_FAILED',
      `The scratch server lacks the extensions ${missing.join(', ')}, which the backup needs.`,
      {
        hint: `Give a server that has them by scratch-url (a service container, for example), or install them beside the server: apt packages are named like postgresql-18-${missing[0]}.`,
      },
    )
  }
  return version
}
