import type { ArchiveEntry } from '../../core/backup/archive-toc.ts'
import { printIdentifier, quoteIdentifier } from '../../core/pg/quote.ts'
import { type DefinerChange, type DefinerObject, definerChanges } from '../../core/restore/definer-rights.ts'
import type { Session } from '../session/session.ts'

/** Members of extensions belong to the owner of the extension; the archive does not make them. */
const NO_MEMBER = (classid: string) => `NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.${classid}'::regclass AND d.objid = x.oid AND d.deptype = 'e')`

/** Roles other than the owner that may use an object, quoted for SQL. */
const GRANTEES = (
  acl: string,
  owner: string,
) => `(SELECT coalesce(json_agg(DISTINCT quote_ident(r.rolname)), '[]')::text
    FROM aclexplode(${acl}) AS a JOIN pg_catalog.pg_roles r ON r.oid = a.grantee WHERE a.grantee <> ${owner})`

/** format_type and the archive's list agree on the names of types as long as search_path is empty. */
const OBJECTS = `
  SELECT CASE x.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind, n.nspname AS schema, x.proname AS name,
         pg_catalog.oidvectortypes(x.proargtypes) AS types, quote_ident(x.proname) AS quoted,
         format('%I.%I(%s)', n.nspname, x.proname, pg_catalog.pg_get_function_identity_arguments(x.oid)) AS identity,
         pg_catalog.pg_get_userbyid(x.proowner)::text AS owner, ${GRANTEES('x.proacl', 'x.proowner')} AS grantees
    FROM pg_catalog.pg_proc x JOIN pg_catalog.pg_namespace n ON n.oid = x.pronamespace
   WHERE x.prosecdef AND x.oid >= 16384 AND ${NO_MEMBER('pg_proc')}
  UNION ALL
  SELECT 'VIEW', n.nspname, x.relname, NULL, quote_ident(x.relname), format('%I.%I', n.nspname, x.relname),
         pg_catalog.pg_get_userbyid(x.relowner)::text, ${GRANTEES('x.relacl', 'x.relowner')}
    FROM pg_catalog.pg_class x JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
   WHERE x.relkind = 'v' AND x.oid >= 16384 AND ${NO_MEMBER('pg_class')}
     AND NOT coalesce('security_invoker=true' = ANY (x.reloptions) OR 'security_invoker=on' = ANY (x.reloptions), false)
   ORDER BY 1, 2, 3, 4`

/**
 * ALTER … OWNER needs the right to become the new owner, who needs CREATE in the schema
 * (AlterObjectOwner_internal).
 */
const GIVABLE = `
  SELECT g.role, g.schema FROM unnest($1::text[], $2::text[]) AS g(role, schema)
    JOIN pg_catalog.pg_roles r ON r.rolname = g.role
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
   WHERE (NOT r.rolsuper OR $3 = 'true')
     AND (me.rolsuper OR (pg_has_role(r.oid, 'SET') AND has_schema_privilege(r.oid, quote_ident(g.schema)::regnamespace::oid, 'CREATE')))`

export interface RestoredRights {
  /** The entries that were restored. */
  readonly entries: readonly ArchiveEntry[]
  readonly restoresGrants: boolean
  /** The source is this very server, so that a superuser there is one here. */
  readonly isSameSystem: boolean
}

/**
 * Gives SECURITY DEFINER routines their owner back where the role exists and this one may; the others lose
 * EXECUTE for everyone but their owner. With grants, views likewise. Returns what changed, as sentences.
 */
export async function limitDefinerRights(
  session: Session,
  { entries, restoresGrants, isSameSystem }: RestoredRights,
): Promise<readonly string[]> {
  const changes = definerChanges(await readDefinerObjects(session), entries, restoresGrants)
  if (changes.length === 0) return []
  const isGivable = await readGivable(session, changes, isSameSystem)
  const notes: string[] = []
  for (const change of changes) {
    const { object, originalOwner: owner } = change
    if (owner !== undefined && owner !== object.owner && isGivable(change)) {
      if (change.losesGrants) await revoke(session, object)
      await session.rows(`ALTER ${object.kind} ${object.identity} OWNER TO ${quoteIdentifier(owner)}`)
      notes.push(
        `${object.identity} belongs to ${owner} again, with whose rights it runs${grantNote(change)}.`,
      )
      continue
    }
    await revoke(session, object)
    notes.push(revokedNote(change))
  }
  return notes
}

async function readDefinerObjects(session: Session): Promise<readonly DefinerObject[]> {
  const rows = await session.rows<{
    kind: DefinerObject['kind']
    schema: string
    name: string
    types: string | null
    quoted: string
    identity: string
    owner: string
    grantees: string
  }>(OBJECTS)
  return rows.map(({ quoted, types, grantees, ...others }) => ({
    ...others,
    types: types ?? null,
    quotedName: quoted,
    grantees: JSON.parse(grantees) as string[],
  }))
}

async function readGivable(
  session: Session,
  changes: readonly DefinerChange[],
  isSameSystem: boolean,
): Promise<(change: DefinerChange) => boolean> {
  const known = changes.filter(({ originalOwner }) => originalOwner !== undefined)
  if (known.length === 0) return () => false
  const key = (role: string | undefined, schema: string) => JSON.stringify([role, schema])
  const rows = await session.rows<Record<'role' | 'schema', string>>(GIVABLE, [
    known.map(({ originalOwner }) => originalOwner),
    known.map(({ object }) => object.schema),
    String(isSameSystem),
  ])
  const givable = new Set(rows.map(({ role, schema }) => key(role, schema)))
  return ({ originalOwner, object }) => givable.has(key(originalOwner, object.schema))
}

/** A routine is PUBLIC's by default, so that is revoked always. */
async function revoke(session: Session, { kind, identity, grantees }: DefinerObject): Promise<void> {
  const on = kind === 'VIEW' ? `TABLE ${identity}` : `${kind} ${identity}`
  await session.rows(`REVOKE ALL ON ${on} FROM ${['PUBLIC', ...grantees].join(', ')} CASCADE`)
}

function grantNote({ losesGrants }: DefinerChange): string {
  return losesGrants ? '; its grants were not restored, so only its owner may run it' : ''
}

function revokedNote({ object, originalOwner, losesGrants }: DefinerChange): string {
  const { kind, identity, owner } = object
  const what = `Only ${owner} may use ${identity}, which runs with the rights of its owner`
  if (originalOwner === owner && losesGrants) return `${what}: its grants were not restored.`
  if (originalOwner === undefined) return `${what}: the archive does not say whose it was.`
  return `${what}: it belonged to ${originalOwner}, and this role cannot give it back. To do so: ALTER ${kind} ${identity} OWNER TO ${printIdentifier(originalOwner)};`
}
