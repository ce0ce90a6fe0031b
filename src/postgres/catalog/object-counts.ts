import type { ObjectCounts } from '../../core/backup/manifest.ts'
import type { Session } from '../session/session.ts'

/** Objects of the users' schemas that do not belong to an extension, by kind. */
const OBJECT_COUNTS = `
  WITH ns AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
       member AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'),
       rel AS (SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN ns ON ns.oid = c.relnamespace
                WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_class'::regclass AND m.objid = c.oid))
  SELECT (SELECT count(*) FROM pg_catalog.pg_index i JOIN rel ON rel.oid = i.indrelid WHERE i.indisvalid)::text AS indexes,
         (SELECT count(*) FROM pg_catalog.pg_constraint k JOIN rel ON rel.oid = k.conrelid)::text AS constraints,
         (SELECT count(*) FROM pg_catalog.pg_trigger t JOIN rel ON rel.oid = t.tgrelid WHERE NOT t.tgisinternal)::text AS triggers,
         (SELECT count(*) FROM pg_catalog.pg_proc p JOIN ns ON ns.oid = p.pronamespace
           WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid))::text AS functions,
         (SELECT count(*) FROM pg_catalog.pg_policy y JOIN rel ON rel.oid = y.polrelid)::text AS policies,
         (SELECT count(*) FROM rel WHERE relkind IN ('v', 'm'))::text AS views,
         (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata)::text AS "largeObjects"`

export async function readObjectCounts(session: Session): Promise<ObjectCounts> {
  const row = await session.row<Record<keyof ObjectCounts, string>>(OBJECT_COUNTS)
  return {
    indexes: Number(row.indexes),
    constraints: Number(row.constraints),
    triggers: Number(row.triggers),
    functions: Number(row.functions),
    policies: Number(row.policies),
    views: Number(row.views),
    largeObjects: Number(row.largeObjects),
  }
}
