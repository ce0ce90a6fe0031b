import type { ArchiveFormat } from './manifest.ts'

/** What to dump and how, in pg_dump's own terms. Patterns are pg_dump patterns. */
export interface DumpOptions {
  readonly format: ArchiveFormat
  /** pg_dump's own syntax: `zstd`, `gzip:9`, `zstd:level=3,long`, `none`. */
  readonly compression: string
  readonly tables: readonly string[]
  readonly excludeTables: readonly string[]
  readonly schemas: readonly string[]
  readonly lockTimeoutMs: number
}

/** Whether the dump leaves anything out: such a backup is partial and never the latest of anything. */
export function isPartial({ tables, excludeTables, schemas }: DumpOptions): boolean {
  return tables.length + excludeTables.length + schemas.length > 0
}

/**
 * Probes of a silent connection: libpq knows no variables for them, and leaves it to the system, which begins
 * after two hours. Host, user and database still come by environment.
 */
const KEEPALIVE = 'keepalives_idle=30 keepalives_interval=10 keepalives_count=6'

/**
 * The arguments of pg_dump; the connection comes by environment. Owners and grants stay in a custom archive,
 * where pg_restore can leave them out; a plain script cannot, so there they are left out now (runbook §2). A
 * table pattern takes its partitions along: the parent alone has no rows.
 */
export function dumpArguments(
  options: DumpOptions,
  snapshotId: string,
  loadViaRoot = false,
): readonly string[] {
  return [
    '--no-password',
    '--verbose',
    `--dbname=${KEEPALIVE}`,
    `--format=${options.format}`,
    `--compress=${options.compression}`,
    `--snapshot=${snapshotId}`,
    `--lock-wait-timeout=${options.lockTimeoutMs}`,
    ...(options.format === 'plain' ? ['--no-owner', '--no-acl'] : []),
    // For every partitioned table of the dump: pg_dump does not offer it for some.
    ...(loadViaRoot ? ['--load-via-partition-root'] : []),
    ...contentOptions(options),
    ...limits(options),
  ]
}

/**
 * A wildcard would take the system's own tables along, and with pg_authid the passwords of all roles. A
 * pattern that matches nothing ends the dump: a table that was renamed must not drop out of every backup from
 * then on.
 */
function limits({ tables, schemas }: DumpOptions): readonly string[] {
  if (tables.length > 0)
    return ['--strict-names', '--exclude-table=pg_*.*', '--exclude-table=information_schema.*']
  if (schemas.length > 0)
    return ['--strict-names', '--exclude-schema=pg_*', '--exclude-schema=information_schema']
  return []
}

/** The arguments that decide what the archive contains, for the manifest. */
export function contentOptions({ tables, excludeTables, schemas }: DumpOptions): readonly string[] {
  return [
    ...tables.map(pattern => `--table-and-children=${pattern}`),
    ...excludeTables.map(pattern => `--exclude-table-and-children=${pattern}`),
    ...schemas.map(pattern => `--schema=${pattern}`),
  ]
}

/**
 * What pg_dump's compression methods take. Source: PostgreSQL's src/common/compression.c,
 * validate_compress_specification.
 */
const METHODS: Readonly<
  Record<string, { readonly levels: readonly [number, number]; readonly long: boolean }>
> = {
  gzip: { levels: [1, 9], long: false },
  lz4: { levels: [0, 12], long: false },
  zstd: { levels: [-131_072, 22], long: true },
}

/** Checks pg_dump's compression syntax before anything starts. Throws a RangeError. */
export function parseCompression(text: string): string {
  const [, name = '', detail] = /^([a-z0-9]+)(?::(.+))?$/.exec(text) ?? []
  if (text === 'none') return text
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
  const words = detail === undefined ? [] : /^-?\d+$/.test(detail) ? [`level=${detail}`] : detail.split(',')
  const isWord = (word: string) => {
    const level = /^level=(-?\d+)$/.exec(word)?.[1]
    if (method === undefined || level === undefined) return word === 'long' && method?.long === true
    const [least, most] = method.levels
    return Number(level) >= least && Number(level) <= most
  }
  if (method !== undefined && words.every(isWord)) return text
  throw new RangeError(
    'expected none, gzip (levels 1 to 9), lz4 (0 to 12) or zstd (up to 22), as in zstd:3 or zstd:level=3,long',
  )
}
