import type { ObjectPrivileges } from '../../core/backup/manifest.ts'
import type { Session } from '../session/session.ts'

/**
 * Who owns what runs with the rights of its owner, and who may use it: SECURITY DEFINER functions and those
 * with grants, views, and schemas. Not what belongs to an extension.
 */
const PRIVILEGES = `
  WITH ns AS (SELECT * FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
       member AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'),
       found AS (
    SELECT 'function' AS kind, p.oid::regprocedure::text AS name, p.proowner AS owner, p.proacl AS acl, p.prosecdef AS definer
      FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
     WHERE (p.prosecdef OR p.proacl IS NOT NULL)
       AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid)
    UNION ALL
    SELECT 'view', format('%I.%I', ns.nspname, c.relname), c.relowner, c.relacl, NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
      FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
     WHERE c.relkind IN ('v', 'm') AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_class'::regclass AND m.objid = c.oid)
    UNION ALL
    SELECT 'schema', format('%I', ns.nspname), ns.nspowner, ns.nspacl, false FROM ns
     WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_namespace'::regclass AND m.objid = ns.oid))
  SELECT f.kind, f.name, pg_get_userbyid(f.owner) AS owner, f.definer::text AS definer, array_to_json(f.acl::text[])::text AS acl
    FROM found f ORDER BY f.kind COLLATE "C", f.name COLLATE "C"`

/** On a session with an empty search path, so that names have their schema. */
export async function readPrivileges(session: Session): Promise<readonly ObjectPrivileges[]> {
  const rows = await session.rows<
    Record<'name' | 'owner' | 'definer', string> & { kind: ObjectPrivileges['kind']; acl: string | null }
  >(PRIVILEGES)
  return rows.map(({ kind, name, owner, definer, acl }) => ({
    kind,
    name,
    owner,
    runsAsOwner: definer === 'true',
    acl: acl === null ? null : (JSON.parse(acl) as string[]),
  }))
}
