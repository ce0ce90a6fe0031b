import {
  countRows,
  type Manifest,
  type SequenceFingerprint,
  type TableFingerprint,
} from '../backup/manifest.ts'
import type { RestoredContent } from '../checks/compare-manifest.ts'
import { FILLED } from '../checks/definitions.ts'
import { parseNamePattern, parseSchemaPattern } from '../pg/name-pattern.ts'
import { keyOf, type QualifiedName } from '../pg/qualified-name.ts'

export const RESTORE_SCOPES = ['everything', 'structure', 'tables', 'rows'] as const

/**
 * What of a backup is restored: all of it, the rows of some tables with the structure of all, or the
 * structure alone.
 */
export type RestoreScope =
  | { readonly of: 'everything' }
  | { readonly of: 'structure' }
  | { readonly of: 'tables'; readonly tables: readonly QualifiedName[] }
  /** Into tables that are there already, in the place of their rows. */
  | { readonly of: 'rows'; readonly tables: readonly QualifiedName[] }

export interface ScopeInputs {
  readonly tables: readonly string[]
  readonly schemas: readonly string[]
  readonly structureOnly: boolean
  readonly rowsOnly: boolean
}

/**
 * Finds the tables of the manifest that the patterns mean: pg_dump's patterns, where a table without a schema
 * may lie in any. Throws a RangeError that names the patterns without a match, because a slip must not
 * restore less than was meant.
 */
export function selectTables(
  { fingerprint }: Manifest,
  { tables, schemas, structureOnly, rowsOnly }: ScopeInputs,
): RestoreScope {
  if (structureOnly) return { of: 'structure' }
  if (tables.length + schemas.length === 0) return { of: 'everything' }
  if (fingerprint.level === 'none')
    throw new RangeError('the manifest lists no tables (fingerprint: none), so that none can be picked')
  const matches = [
    ...tables.map(text => [text, matchTables(text)] as const),
    ...schemas.map(text => [text, matchSchemas(text)] as const),
  ]
  const empty = matches.filter(([, isMatch]) => !fingerprint.tables.some(isMatch)).map(([text]) => text)
  if (empty.length > 0) throw new RangeError(`the backup has no table that matches ${empty.join(', ')}`)
  const selected = fingerprint.tables.filter(table => matches.some(([, isMatch]) => isMatch(table)))
  return { of: rowsOnly ? 'rows' : 'tables', tables: selected.map(({ schema, name }) => ({ schema, name })) }
}

/** What was restored is not a whole database and must not replace one. */
export function holdsPart({ backup }: Manifest, { of }: RestoreScope): boolean {
  return of === 'structure' || of === 'tables' || (of === 'everything' && backup.kind === 'partial')
}

/**
 * Bytes that a database takes which holds what was chosen, at most: by the share of the rows, because the
 * manifest knows no more. The structure alone is next to nothing; a partial backup says nothing of the size
 * of its tables.
 */
export function neededBytes({ server, fingerprint, backup }: Manifest, scope: RestoreScope): number {
  if (scope.of === 'structure') return 0
  const rows = countRows(fingerprint.tables)
  if (scope.of === 'everything' || backup.kind === 'partial' || rows === 0) return server.databaseBytes
  return Math.ceil((server.databaseBytes * countRows(fingerprint.tables.filter(picker(scope)))) / rows)
}

type Matcher = (table: QualifiedName) => boolean

function matchTables(text: string): Matcher {
  const pattern = parseNamePattern(text)
  const schema = pattern.schema === undefined ? undefined : compile(pattern.schema, text)
  const name = compile(pattern.name, text)
  return table => (schema?.test(table.schema) ?? true) && name.test(table.name)
}

function matchSchemas(text: string): Matcher {
  const name = compile(parseSchemaPattern(text), text)
  return table => name.test(table.schema)
}

/** PostgreSQL knows expressions that JavaScript does not. */
function compile(pattern: string, text: string): RegExp {
  try {
    return new RegExp(pattern, 'su')
  } catch (error) {
    throw new RangeError(`"${text}" cannot be matched; write the name with * and ? or in double quotes`, {
      cause: error,
    })
  }
}

/**
 * The manifest as a restore of the scope has to come out: tables that were not picked are there and empty,
 * sequences were never used, and references between tables are missing. Where rows are replaced, nothing but
 * these tables is known.
 */
export function narrowManifest(manifest: Manifest, scope: RestoreScope): Manifest {
  if (scope.of === 'everything') return manifest
  const { fingerprint, backup } = manifest
  const isPicked = picker(scope)
  if (scope.of === 'rows')
    return {
      ...manifest,
      backup: { ...backup, tablePatterns: scope.tables.map(({ schema, name }) => `${schema}.${name}`) },
      fingerprint: {
        ...fingerprint,
        tables: fingerprint.tables.filter(isPicked),
        sequences: [],
        objects: null,
        definitions: null,
        largeObjectsHash: null,
      },
    }
  return {
    ...manifest,
    fingerprint: {
      ...fingerprint,
      tables: fingerprint.tables.map(table => (isPicked(table) ? table : emptied(table))),
      sequences: fingerprint.sequences.map(unused),
      objects: scope.of === 'structure' ? fingerprint.objects : null,
      definitions: scope.of === 'structure' ? unfilled(fingerprint.definitions) : null,
      largeObjectsHash: null,
    },
  }
}

/** What was read of the target, without what the scope says nothing about. */
export function narrowFound(found: RestoredContent, scope: RestoreScope): RestoredContent {
  if (scope.of !== 'rows') return found
  return { ...found, tables: found.tables.filter(picker(scope)), sequences: new Map() }
}

function picker(scope: RestoreScope): (table: QualifiedName) => boolean {
  const picked = scope.of === 'tables' || scope.of === 'rows' ? scope.tables : []
  const names = new Set(picked.map(keyOf))
  return table => names.has(keyOf(table))
}

/** Without data no materialised view is filled. */
function unfilled(
  definitions: Manifest['fingerprint']['definitions'],
): Manifest['fingerprint']['definitions'] {
  return definitions?.filter(({ kind }) => kind !== FILLED) ?? null
}

/** At its start, which the manifest does not know of one that was used. */
function unused({ schema, name, cycles }: SequenceFingerprint): SequenceFingerprint {
  return { schema, name, cycles, atSnapshot: null, atEnd: null, nextAtSnapshot: null, nextAtEnd: null }
}

function emptied(table: TableFingerprint): TableFingerprint {
  const newest = table.newest === null ? null : { ...table.newest, value: null }
  return { ...table, rows: 0, newest, contentHash: null }
}
