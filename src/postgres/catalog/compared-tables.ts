import type { TextSettings } from '../../core/backup/manifest.ts'
import { keyOf, type QualifiedName } from '../../core/pg/qualified-name.ts'
import type { Session } from '../session/session.ts'
import { typesContaining } from './contains-type.ts'

interface ComparedTable {
  readonly isPartitioned: boolean
  readonly condition: string
  /** Prints as lc_monetary says. */
  readonly hasMoney: boolean
  /** Prints as the time zone says. */
  readonly hasTimes: boolean
}

export interface ComparedTables {
  readonly tables: ReadonlyMap<string, ComparedTable>
  /** The topmost partitioned table of partitions and partitioned tables. */
  readonly trees: ReadonlyMap<string, QualifiedName>
  readonly knowsMoneyLocale: boolean
  readonly isUtc: boolean
}

type ComparedTableRow = Record<'schema' | 'name' | 'is_partitioned' | 'has_money' | 'has_times', string> &
  Record<'condition' | 'root_schema' | 'root_name', string | null>

const TABLES = `
  WITH money AS (${typesContaining("t.oid = 'pg_catalog.money'::regtype")}),
       times AS (${typesContaining("t.oid IN ('pg_catalog.timestamptz'::regtype)")})
  SELECT n.nspname AS schema, c.relname AS name, (c.relkind = 'p')::text AS is_partitioned,
         coalesce(col.has_money, false)::text AS has_money, coalesce(col.has_times, false)::text AS has_times,
         config.condition, rn.nspname AS root_schema, r.relname AS root_name
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (SELECT a.attrelid, bool_or(a.atttypid IN (SELECT oid FROM money)) AS has_money,
                      bool_or(a.atttypid IN (SELECT oid FROM times)) AS has_times
                 FROM pg_catalog.pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped GROUP BY 1) AS col ON col.attrelid = c.oid
    LEFT JOIN (SELECT unnest(e.extconfig) AS oid, unnest(e.extcondition) AS condition FROM pg_catalog.pg_extension e) AS config ON config.oid = c.oid
    LEFT JOIN pg_catalog.pg_class r ON r.oid = CASE WHEN c.relispartition OR c.relkind = 'p' THEN pg_catalog.pg_partition_root(c.oid) END
    LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
   WHERE c.relkind IN ('r', 'p')`

/** What has to be known of the restored tables before their rows are read. */
export async function readComparedTables(
  session: Session,
  textSettings: TextSettings,
): Promise<ComparedTables> {
  const rows = await session.rows<ComparedTableRow>(TABLES)
  const tables = new Map<string, ComparedTable>()
  const trees = new Map<string, QualifiedName>()
  for (const row of rows) {
    const { schema, name, root_schema, root_name } = row
    const key = keyOf({ schema, name })
    tables.set(key, {
      isPartitioned: row.is_partitioned === 'true',
      condition: row.condition ?? '',
      hasMoney: row.has_money === 'true',
      hasTimes: row.has_times === 'true',
    })
    if (root_schema !== null && root_name !== null) trees.set(key, { schema: root_schema, name: root_name })
  }
  return {
    tables,
    trees,
    knowsMoneyLocale: await accepts(session, 'lc_monetary', textSettings.lcMonetary),
    isUtc: /^(UTC|GMT|Etc\/(UTC|GMT|UCT|Zulu|Universal|Greenwich)|UCT|Zulu|Universal|Greenwich)$/i.test(
      textSettings.timeZone,
    ),
  }
}

async function accepts(session: Session, name: string, value: string): Promise<boolean> {
  return await session.rows('SELECT pg_catalog.set_config($1, $2, false)', [name, value]).then(
    () => true,
    () => false,
  )
}
