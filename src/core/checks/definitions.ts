import { createHash, type Hash } from 'node:crypto'
import type { Definition, Manifest } from '../backup/manifest.ts'
import { parseVersion } from '../pg/version.ts'
import { renderAmount } from '../text/counts.ts'
import type { Check } from './check.ts'

/** Sorted by kind and name. Very many of them need not be in memory one by one. */
export interface Definitions extends Iterable<Definition> {
  readonly length: number
}

/** What a restored database has, and the major version of the server that wrote it down. */
export interface RestoredDefinitions {
  readonly serverMajor: number
  /** Null where the server is too old to be asked. */
  readonly definitions: Definitions | null
}

/** The kind that says whether a materialised view holds data: only a restore with data fills it. */
export const FILLED = 'filled materialised view'

/** Definitions in one manifest, about 150 bytes each; of more, each kind is one hash. */
const LISTED = 20_000

/**
 * Kinds of which every version knows the same objects. A newer one writes definitions otherwise, names NOT
 * NULL, and has multiranges beside ranges, with functions of theirs.
 */
const OF_EVERY_VERSION = [
  'table',
  'row security',
  'inheritance',
  'index',
  'domain constraint',
  'rule',
  'policy',
  'view',
  FILLED,
  'sequence',
]

/** What goes into a manifest: all of them, or one hash a kind where there are very many. */
export function foldDefinitions(
  definitions: Definitions | null,
  limit: number = LISTED,
): readonly Definition[] | null {
  if (definitions === null) return null
  return definitions.length <= limit ? [...definitions] : foldByKind(definitions)
}

function foldByKind(definitions: Definitions): readonly Definition[] {
  const hashes = new Map<string, Hash>()
  for (const { kind, name, hash: one } of definitions) {
    const hash = hashes.get(kind) ?? createHash('sha256')
    hashes.set(kind, hash.update(JSON.stringify([name, one])))
  }
  return [...hashes].map(([kind, hash]) => ({ kind, name: FOLDED, hash: hash.digest('hex').slice(0, 16) }))
}

const FOLDED = '(all)'

/**
 * Each object that is missing, one too many, or defined otherwise, or one line when there is none. Of group
 * `structure`: no data in them. Where the majors differ only names are compared.
 */
export function definitionChecks(
  { fingerprint, server }: Manifest,
  { serverMajor, definitions: restored }: RestoredDefinitions,
): readonly Check[] {
  const { definitions } = fingerprint
  if (definitions === null || restored === null) return []
  const isSameMajor = parseVersion(server.version).major === serverMajor
  const isFolded = definitions.some(({ name }) => name === FOLDED)
  if (isFolded && !isSameMajor) return []
  const comparable = (all: readonly Definition[]) =>
    isSameMajor ? all : all.filter(({ kind }) => OF_EVERY_VERSION.includes(kind)).map(nameOnly)
  const [expected, found] = [definitions, isFolded ? foldByKind(restored) : [...restored]].map(comparable)
  const failures = compare(expected ?? [], found ?? [])
  if (failures.length > 0) return failures
  const all = `${renderAmount(restored.length, 'definition')} as in the source`
  const note = isSameMajor
    ? null
    : `By their names: PostgreSQL ${serverMajor} writes definitions otherwise than ${server.version}.`
  return [{ ...SUBJECT, name: 'definitions', verdict: 'pass', expected: all, found: all, note }]
}

const SUBJECT = { group: 'structure' } as const

function compare(expected: readonly Definition[], found: readonly Definition[]): readonly Check[] {
  const restored = new Map(found.map(definition => [keyOf(definition), definition.hash]))
  const known = new Set(expected.map(keyOf))
  return [
    ...expected.flatMap(definition => {
      const hash = restored.get(keyOf(definition))
      if (hash === definition.hash) return []
      return [failure(definition, 'as in the source', hash === undefined ? 'missing' : 'another one')]
    }),
    ...found
      .filter(definition => !known.has(keyOf(definition)))
      .map(definition => failure(definition, 'none', 'there is one')),
  ]
}

function failure(definition: Definition, expected: string, found: string): Check {
  const note = 'Compare it with pg_dump --schema-only of the source.'
  return { ...SUBJECT, name: `definition of ${keyOf(definition)}`, verdict: 'fail', expected, found, note }
}

function nameOnly({ kind, name }: Definition): Definition {
  return { kind, name, hash: '' }
}

function keyOf({ kind, name }: Definition): string {
  return `${kind} ${name}`
}
