/** Tables and sequences whose content extensions want dumped (pg_extension_config_dump). */
export const CONFIGURATION = 'ARRAY(SELECT unnest(e.extconfig) FROM pg_catalog.pg_extension e)'

/**
 * A condition on the oid of a relation: a dump holds it. What belongs to an extension comes back with CREATE
 * EXTENSION, but for what the extension names as its configuration. Source: checkExtensionMembership and
 * processExtensionTables in pg_dump.c.
 */
export function isDumped(oid: string): string {
  return `(${oid} = ANY (${CONFIGURATION}) OR NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d
     WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = ${oid} AND d.deptype = 'e'))`
}
