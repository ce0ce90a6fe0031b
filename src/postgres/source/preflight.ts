import { OperatorError } from '../../core/errors.ts'
import type { Connection } from '../../core/pg/connection.ts'
import { printIdentifier, printLiteral } from '../../core/pg/quote.ts'
import { readUnreadable, type Unreadable } from '../catalog/missing-privileges.ts'
import { type DumpSelection, readTables, type TableAccess } from '../catalog/tables.ts'
import type { Session } from '../session/session.ts'

const NOTHING_UNREADABLE: Unreadable = { sequences: [], tables: [], largeObjects: 0 }

/** How many names an error lists before it counts the rest. */
const NAMED = 10

/**
 * Refuses a connection through a pooler in transaction mode. There, pg_dump's session settings and ours would
 * land on server connections that others use. Throws DATABASE_POOLER.
 */
export function refuseTransactionPooler(session: Session, connection: Connection): void {
  if (!session.isShared) return
  throw new OperatorError(
    'DATABASE_POOLER',
    `${connection.host}:${connection.port} is a connection pooler in transaction mode: two statements of one session ran in different server processes.`,
    {
      hint: 'Use the pooler in session mode (Supabase: port 5432 of the same host; PgBouncer: pool_mode = session), or the direct address of the database. From a machine without IPv6, such as a GitHub-hosted runner, a direct address with IPv6 alone cannot be reached.',
    },
  )
}

/** What this role may read of what a dump holds. */
export interface Access {
  readonly tables: readonly TableAccess[]
  readonly unreadable: Unreadable
}

export async function readAccess(session: Session, selection: DumpSelection): Promise<Access> {
  const [tables, unreadable] = await Promise.all([
    readTables(session, selection),
    isNarrowed(selection) ? NOTHING_UNREADABLE : readUnreadable(session),
  ])
  return { tables, unreadable }
}

/**
 * Refuses, with every object named at once, what pg_dump would trip over later one by one, or what would
 * silently leave rows out. Throws DATABASE_PRIVILEGES.
 */
export function refuseMissingPrivileges({ tables, unreadable: others }: Access, user: string): void {
  const { sequences, tables: configuration, largeObjects } = others
  const name = (table: TableAccess) => `${table.schema}.${table.name}`
  const schemas = [...new Set(tables.filter(table => !table.mayUseSchema).map(table => table.schema))]
  const unreadable = tables.filter(table => !table.mayRead && table.mayUseSchema).map(name)
  const hidden = tables.filter(table => table.rowsHidden).map(name)
  const ofTables = [
    describe('no USAGE on schema', schemas),
    describe('no SELECT on', [...new Set([...unreadable, ...configuration])]),
    describe('no SELECT on sequence', sequences),
    describe('row security hides rows of', hidden),
  ].filter(problem => problem !== '')
  const ofLargeObjects = largeObjects === 0 ? [] : [`no SELECT on ${largeObjects} large objects`]
  const problems = [...ofTables, ...ofLargeObjects]
  if (problems.length === 0) return
  const hints = [
    ...(ofTables.length > 0 ? [tablesHint(user, hidden.length > 0)] : []),
    ...(largeObjects > 0 ? [largeObjectsHint(user)] : []),
  ]
  throw new OperatorError(
    'DATABASE_PRIVILEGES',
    `The role ${user} cannot dump everything: ${problems.join('; ')}.`,
    { hint: hints.join(' ') },
  )
}

function isNarrowed({ tables, excludeTables, schemas }: DumpSelection): boolean {
  return tables.length + excludeTables.length + schemas.length > 0
}

function tablesHint(user: string, isHidden: boolean): string {
  const role = /^[a-z_][a-z0-9_]*$/.test(user) ? user : printIdentifier(user)
  return isHidden
    ? `Dump as the owner, or ALTER ROLE ${role} BYPASSRLS (and GRANT pg_read_all_data TO ${role}).`
    : `GRANT pg_read_all_data TO ${role}; or dump as the owner.`
}

/** pg_read_all_data reaches no large objects: granting it again would not help. */
function largeObjectsHint(user: string): string {
  return `For the large objects dump as their owner, or let the owner say in psql: SELECT format('GRANT SELECT ON LARGE OBJECT %s TO %I', oid, ${printLiteral(user)}) FROM pg_largeobject_metadata \\gexec`
}

function describe(what: string, names: readonly string[]): string {
  if (names.length === 0) return ''
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  return `${what} ${names.slice(0, NAMED).join(', ')}${more}`
}
