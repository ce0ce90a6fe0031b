import { randomBytes } from 'node:crypto'
import type { Connection } from '../../core/pg/connection.ts'
import { quoteIdentifier, quoteLiteral } from '../../core/pg/quote.ts'
import { Secret } from '../../core/secret.ts'
import { openSession, type Session } from '../session/session.ts'

/**
 * Makes the role that owns a scratch database and that everything in it runs as. It has no rights beyond
 * that database but BYPASSRLS, without which it could not refresh a view behind forced row security. SET
 * ROLE of a superuser would be no wall: RESET ROLE undoes it.
 */
export async function createOwnerRole(
  session: Session,
  server: Connection,
  name: string,
): Promise<Connection> {
  const password = randomBytes(24).toString('hex')
  await session.rows(
    `CREATE ROLE ${quoteIdentifier(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS PASSWORD ${quoteLiteral(password)}`,
  )
  return { ...server, user: name, password: new Secret(password), sslCert: undefined, sslKey: undefined }
}

/**
 * What the superuser has made in this database and only the owner needs; members of extensions stay with
 * their extension.
 */
const MADE = `
  WITH made AS (
    SELECT 'pg_catalog.pg_proc'::regclass AS class, p.oid, 'ROUTINE ' || p.oid::regprocedure::text AS object
      FROM pg_catalog.pg_proc p WHERE p.proowner = $1::oid
    UNION ALL
    SELECT 'pg_catalog.pg_type'::regclass, t.oid, 'TYPE ' || t.oid::regtype::text
      FROM pg_catalog.pg_type t
     WHERE t.typowner = $1::oid AND t.typtype = 'b' AND t.typisdefined AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
    UNION ALL
    SELECT 'pg_catalog.pg_opfamily'::regclass, f.oid, format('OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, a.amname)
      FROM pg_catalog.pg_opfamily f JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod
     WHERE f.opfowner = $1::oid
    UNION ALL
    SELECT 'pg_catalog.pg_opclass'::regclass, c.oid, format('OPERATOR CLASS %I.%I USING %I', n.nspname, c.opcname, a.amname)
      FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace JOIN pg_catalog.pg_am a ON a.oid = c.opcmethod
     WHERE c.opcowner = $1::oid)
  SELECT 'ALTER ' || made.object || ' OWNER TO ' || $2::text AS sql
    FROM made
   WHERE made.oid >= 16384
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = made.class AND d.objid = made.oid AND d.deptype = 'e')`

/**
 * What the owner had in the source and an extension does not give: its wrappers, its schemas, the tables
 * that it offers to pg_dump.
 */
const GRANTED = `
  SELECT format('GRANT USAGE ON FOREIGN DATA WRAPPER %I TO ', w.fdwname) || $1::text AS sql FROM pg_catalog.pg_foreign_data_wrapper w
  UNION ALL
  SELECT format('GRANT USAGE ON SCHEMA %I TO ', n.nspname) || $1::text
    FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_depend d
      ON d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e'
  UNION ALL
  SELECT format('GRANT ALL ON %s %I.%I TO ', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname) || $1::text
    FROM pg_catalog.pg_extension e CROSS JOIN LATERAL unnest(e.extconfig) AS x(oid)
    JOIN pg_catalog.pg_class c ON c.oid = x.oid AND c.relkind IN ('r', 'p', 'S')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  UNION ALL
  SELECT format('GRANT USAGE ON SCHEMA %I TO ', n.nspname) || $1::text
    FROM pg_catalog.pg_extension e CROSS JOIN LATERAL unnest(e.extconfig) AS x(oid)
    JOIN pg_catalog.pg_class c ON c.oid = x.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname NOT IN ('public', 'pg_catalog')`

/**
 * Gives the owner what a superuser has made for it. A function keeps no superuser as its owner: with
 * SECURITY DEFINER anything in the database could call it.
 */
export async function handOver(superuser: Connection, owner: string, signal: AbortSignal): Promise<void> {
  await using session = await openSession(superuser, signal)
  await session.rows("SELECT pg_catalog.set_config('search_path', '', false)")
  const { oid } = await session.row<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_catalog.pg_roles WHERE rolname = current_user',
  )
  const made = await session.rows<{ sql: string }>(MADE, [oid, quoteIdentifier(owner)])
  const granted = await session.rows<{ sql: string }>(GRANTED, [quoteIdentifier(owner)])
  for (const { sql } of [...made, ...granted]) await session.rows(sql)
}

/**
 * Where amcheck goes: a schema of its own, so that no object of the database lies in it. The server
 * reserves names that begin with pg_.
 */
const newAmcheckSchema = () => `runbook_amcheck_${randomBytes(4).toString('hex')}`

/** Makes the extension that pg_amcheck works with, for the owner to use. */
export async function installAmcheck(
  superuser: Connection,
  owner: string,
  signal: AbortSignal,
): Promise<void> {
  await using session = await openSession(superuser, signal)
  await session.rows("SELECT pg_catalog.set_config('search_path', '', false)")
  const [installed] = await session.rows<{ schema: string }>(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'`,
  )
  const schema = quoteIdentifier(installed?.schema ?? newAmcheckSchema())
  if (installed === undefined) {
    await session.rows(`CREATE SCHEMA ${schema}`)
    await session.rows(`CREATE EXTENSION amcheck WITH SCHEMA ${schema}`)
  }
  const functions = await session.rows<{ sql: string }>(
    `SELECT format('GRANT EXECUTE ON FUNCTION %s TO ', p.oid::regprocedure) || $1::text AS sql
       FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
       JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'amcheck'`,
    [quoteIdentifier(owner)],
  )
  await session.rows(`GRANT USAGE ON SCHEMA ${schema} TO ${quoteIdentifier(owner)}`)
  for (const { sql } of functions) await session.rows(sql)
}
