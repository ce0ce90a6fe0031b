/**
 * Empties a database in the transaction that runs it, and leaves alone what a restore cannot bring back:
 * extensions that the server or a superuser put there, with their schemas, and the schema public itself with
 * its owner, comment and grants.
 *
 * Runbook §4.2 drops the schema public. That would take with it every extension in it, even those that only
 * the provider can create again, and leave a schema that belongs to another role and that no role may use.
 * Guards against DELETE and TRUNCATE (runbook §7) see none of this: dropping a table fires no trigger of it.
 *
 * A namespace's own things depend on it with deptype `n`; what belongs to something else (`i`) goes with
 * that, and so do members of extensions (`e`). Source: PostgreSQL documentation, pg_depend.
 */
export const EMPTY_DATABASE = `
SET LOCAL client_min_messages = warning;
DO $pg_runbook$
DECLARE
  found record;
  thing record;
BEGIN
  FOR found IN SELECT p.pubname AS name FROM pg_catalog.pg_publication p WHERE pg_has_role(p.pubowner, 'USAGE') LOOP
    EXECUTE format('DROP PUBLICATION %I', found.name);
  END LOOP;
  FOR found IN SELECT t.evtname AS name FROM pg_catalog.pg_event_trigger t
                WHERE pg_has_role(t.evtowner, 'USAGE')
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                   WHERE d.classid = 'pg_catalog.pg_event_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'e') LOOP
    EXECUTE format('DROP EVENT TRIGGER %I', found.name);
  END LOOP;
  FOR found IN SELECT s.srvname AS name FROM pg_catalog.pg_foreign_server s WHERE pg_has_role(s.srvowner, 'USAGE') LOOP
    EXECUTE format('DROP SERVER %I CASCADE', found.name);
  END LOOP;
  FOR found IN SELECT e.extname AS name FROM pg_catalog.pg_extension e WHERE e.oid >= 16384 AND pg_has_role(e.extowner, 'USAGE') LOOP
    EXECUTE format('DROP EXTENSION IF EXISTS %I CASCADE', found.name);
  END LOOP;
  FOR found IN SELECT n.nspname AS name FROM pg_catalog.pg_namespace n
                WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid)
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                   WHERE d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e') LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', found.name);
  END LOOP;
  FOR found IN SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
                 JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.deptype = 'n'
                  AND d.classid NOT IN ('pg_catalog.pg_extension'::regclass, 'pg_catalog.pg_default_acl'::regclass)
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend o
                                   WHERE o.classid = d.classid AND o.objid = d.objid AND o.objsubid = 0 AND o.deptype IN ('e', 'i')) LOOP
    SELECT i.type, i.identity INTO thing FROM pg_identify_object(found.classid, found.objid, 0) AS i;
    -- Gone with something that was dropped before it.
    CONTINUE WHEN thing.identity IS NULL;
    EXECUTE format('DROP %s %s CASCADE', replace(thing.type, 'statistics object', 'statistics'), thing.identity);
  END LOOP;
  -- Those of users' own types are gone with these. Only a superuser can have made one between types that stay.
  FOR found IN SELECT i.type, i.identity FROM pg_catalog.pg_cast c
                CROSS JOIN LATERAL pg_identify_object('pg_catalog.pg_cast'::regclass, c.oid, 0) AS i
                WHERE c.oid >= 16384 AND (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                                   WHERE d.classid = 'pg_catalog.pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'e') LOOP
    EXECUTE format('DROP %s %s CASCADE', found.type, found.identity);
  END LOOP;
  -- What lies in no schema: only its owner or a superuser can drop it, and only that one could have made it.
  FOR found IN SELECT 'ACCESS METHOD' AS kind, a.amname AS name, a.oid, 'pg_catalog.pg_am'::regclass AS class FROM pg_catalog.pg_am a
                WHERE (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
               UNION ALL
               SELECT 'FOREIGN DATA WRAPPER', w.fdwname, w.oid, 'pg_catalog.pg_foreign_data_wrapper'::regclass
                 FROM pg_catalog.pg_foreign_data_wrapper w WHERE pg_has_role(w.fdwowner, 'USAGE')
               UNION ALL
               SELECT 'LANGUAGE', l.lanname, l.oid, 'pg_catalog.pg_language'::regclass
                 FROM pg_catalog.pg_language l WHERE pg_has_role(l.lanowner, 'USAGE') LOOP
    CONTINUE WHEN found.oid < 16384
               OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = found.class AND d.objid = found.oid AND d.deptype = 'e');
    EXECUTE format('DROP %s %I CASCADE', found.kind, found.name);
  END LOOP;
  -- An operator has followed runbook §4.2 to its first half, and an archive does not make this schema. As initdb has it.
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public') THEN
    CREATE SCHEMA public;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
    COMMENT ON SCHEMA public IS 'standard public schema';
    ALTER SCHEMA public OWNER TO pg_database_owner;
  END IF;
  PERFORM lo_unlink(m.oid) FROM pg_catalog.pg_largeobject_metadata m WHERE pg_has_role(m.lomowner, 'USAGE');
END
$pg_runbook$;
`
