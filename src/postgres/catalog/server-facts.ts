import type { Extension, TextSettings } from '../../core/backup/manifest.ts'
import type { Session } from '../session/session.ts'

/** Facts about the server and the database for the manifest. */
export interface ServerFacts {
  readonly versionNumber: number
  readonly version: string
  readonly database: string
  readonly encoding: string
  readonly collationProvider: string
  readonly collate: string
  readonly ctype: string
  readonly locale: string | null
  readonly icuRules: string | null
  readonly databaseBytes: number
  readonly isStandby: boolean
  /** See readSystemIdentifier. */
  readonly systemIdentifier: string | null
  /** As a new session of this role has them, and so pg_dump's. */
  readonly textSettings: TextSettings
  /**
   * Options of columns (ALTER COLUMN … SET) that releases of before 2026-11-12 do not know: pg_attver of
   * 17.12.
   */
  readonly columnOptions: readonly string[]
  /**
   * User mappings whose options, passwords mostly, this role may not read; those without any are among them.
   */
  readonly hiddenMappings: number
}

/** All but the system identifier, which the server may refuse: readSystemIdentifier. */
export async function readServerFacts(session: Session): Promise<Omit<ServerFacts, 'systemIdentifier'>> {
  const row = await session.row<Record<string, string | null>>(`
    SELECT current_setting('server_version_num') AS version_number,
           split_part(current_setting('server_version'), ' ', 1) AS version,
           d.datname AS database, pg_encoding_to_char(d.encoding) AS encoding, d.datlocprovider AS provider,
           d.datcollate AS "collate", d.datctype AS ctype,
           coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
           to_jsonb(d) ->> 'daticurules' AS icu_rules,
           (SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name = 'TimeZone') AS time_zone,
           (SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name = 'bytea_output') AS bytea_output,
           (SELECT s.reset_val FROM pg_catalog.pg_settings s WHERE s.name = 'lc_monetary') AS lc_monetary,
           (SELECT string_agg(DISTINCT split_part(o, '=', 1), ' ') FROM pg_catalog.pg_attribute a, unnest(a.attoptions) AS o
             WHERE a.attoptions IS NOT NULL AND split_part(o, '=', 1) NOT IN ('n_distinct', 'n_distinct_inherited')) AS column_options,
           (SELECT count(*) FROM pg_catalog.pg_user_mappings m WHERE m.umoptions IS NULL
               AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user))::text AS hidden_mappings,
           pg_database_size(d.oid)::text AS bytes, pg_is_in_recovery()::text AS standby
      FROM pg_catalog.pg_database d WHERE d.datname = current_database()`)
  return {
    versionNumber: Number(row.version_number),
    version: row.version ?? '',
    database: row.database ?? '',
    encoding: row.encoding ?? '',
    collationProvider: row.provider ?? '',
    collate: row.collate ?? '',
    ctype: row.ctype ?? '',
    locale: row.locale ?? null,
    icuRules: row.icu_rules ?? null,
    databaseBytes: Number(row.bytes),
    isStandby: row.standby === 'true',
    textSettings: {
      timeZone: row.time_zone ?? '',
      byteaOutput: row.bytea_output ?? '',
      lcMonetary: row.lc_monetary ?? '',
    },
    columnOptions: (row.column_options ?? '').split(' ').filter(Boolean),
    hiddenMappings: Number(row.hidden_mappings),
  }
}

export async function readExtensions(session: Session): Promise<readonly Extension[]> {
  return session.rows<{ name: string; version: string; schema: string }>(`
    SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
     ORDER BY e.extname COLLATE "C"`)
}

/**
 * Roles without which an archive does not restore, owners and grants left out: those of policies and of user
 * mappings. PUBLIC is none.
 */
export async function readPolicyRoles(session: Session): Promise<readonly string[]> {
  const rows = await session.rows<{ name: string }>(`
    SELECT r.rolname AS name FROM pg_catalog.pg_roles r
     WHERE EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE r.oid = ANY (p.polroles))
        OR EXISTS (SELECT FROM pg_catalog.pg_user_mappings m WHERE m.umuser = r.oid)
     ORDER BY r.rolname COLLATE "C"`)
  return rows.map(row => row.name)
}
